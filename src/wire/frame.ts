/**
 * Classifies an Ethernet frame as far as it concerns VRRP: for captures, the simulator and the watcher of
 * a segment. Total: everything else, including malformed frames, is `other`.
 */

import { PROTOCOL_VRRP } from '../net/vrrp.ts';
import { type ArpPacket, decodeArp } from './arp.ts';
import { heldLength } from './bytes.ts';
import {
  decodeEthernetHeader,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  type EthernetHeader,
} from './ethernet.ts';
import { decodeFragment, type Fragment } from './fragment.ts';
import { decodeIpv4Header, decodeIpv6Header, type Ipv4Header, type Ipv6Header } from './ip.ts';
import {
  decodeNeighborAdvertisement,
  type NeighborAdvertisement,
  PROTOCOL_ICMPV6,
} from './neighbor.ts';

type DecodedFrame =
  | { readonly kind: 'arp'; readonly ethernet: EthernetHeader; readonly arp: ArpPacket }
  | {
      readonly kind: 'neighbor-advertisement';
      readonly ethernet: EthernetHeader;
      readonly ip: Ipv6Header;
      readonly advertisement: NeighborAdvertisement;
    }
  | VrrpFrame
  | FragmentFrame
  /** `ethernet` is undefined if even that header is cut off. */
  | { readonly kind: 'other'; readonly ethernet: EthernetHeader | undefined };

/** A whole packet of protocol 112. The message in it is not decoded. */
export interface VrrpFrame {
  readonly kind: 'vrrp';
  readonly ethernet: EthernetHeader;
  readonly ip: Ipv4Header | Ipv6Header;
  /** The IP packet without the padding of the frame; a view, not a copy. */
  readonly packet: Uint8Array;
  /** The position of the VRRP message in `packet`. */
  readonly offset: number;
  readonly length: number;
}

/** A fragment of a packet of protocol 112. Contains views, not copies. */
export interface FragmentFrame {
  readonly kind: 'fragment';
  readonly ethernet: EthernetHeader;
  readonly ip: Ipv4Header | Ipv6Header;
  readonly fragment: Fragment;
}

/** Reads the first `length` bytes as one frame without its check sequence. */
export function decodeFrame(bytes: Uint8Array, length = bytes.length): DecodedFrame {
  const held = heldLength(bytes, 0, length);
  const header = decodeEthernetHeader(bytes, 0, held);
  if (!header.ok) return { kind: 'other', ethernet: undefined };
  const ethernet = header.value;
  return decodeEnclosed(ethernet, bytes.subarray(ethernet.headerLength, held));
}

/** Classifies a payload, which may have been joined from fragments, under this Ethernet header. */
export function decodeEnclosed(ethernet: EthernetHeader, payload: Uint8Array): DecodedFrame {
  return decodePayload(ethernet, payload) ?? { kind: 'other', ethernet };
}

function decodePayload(ethernet: EthernetHeader, payload: Uint8Array): DecodedFrame | undefined {
  switch (ethernet.etherType) {
    case ETHERTYPE_ARP:
      return arpFrame(ethernet, payload);
    case ETHERTYPE_IPV4:
      return ipv4Frame(ethernet, payload);
    case ETHERTYPE_IPV6:
      return ipv6Frame(ethernet, payload);
    default:
      return undefined;
  }
}

function arpFrame(ethernet: EthernetHeader, payload: Uint8Array): DecodedFrame | undefined {
  const arp = decodeArp(payload, 0, payload.length);
  return arp.ok ? { kind: 'arp', ethernet, arp: arp.value } : undefined;
}

function ipv4Frame(ethernet: EthernetHeader, payload: Uint8Array): DecodedFrame | undefined {
  const ip = decodeIpv4Header(payload, 0, payload.length);
  if (!ip.ok || ip.value.protocol !== PROTOCOL_VRRP) return undefined;
  return fragmentFrame(ethernet, ip.value, payload) ?? vrrpFrame(ethernet, ip.value, payload);
}

function ipv6Frame(ethernet: EthernetHeader, payload: Uint8Array): DecodedFrame | undefined {
  const ip = decodeIpv6Header(payload, 0, payload.length);
  if (!ip.ok) return undefined;
  if (ip.value.protocol === PROTOCOL_VRRP) return vrrpFrame(ethernet, ip.value, payload);
  if (ip.value.protocol !== PROTOCOL_ICMPV6) return fragmentFrame(ethernet, ip.value, payload);
  const neighbor = decodeNeighborAdvertisement(payload, ip.value);
  if (!neighbor.ok) return undefined;
  const advertisement = neighbor.value;
  return { kind: 'neighbor-advertisement', ethernet, ip: ip.value, advertisement };
}

function fragmentFrame(
  ethernet: EthernetHeader,
  ip: Ipv4Header | Ipv6Header,
  payload: Uint8Array,
): FragmentFrame | undefined {
  const fragment = decodeFragment(payload, ip);
  if (fragment?.protocol !== PROTOCOL_VRRP) return undefined;
  return { kind: 'fragment', ethernet, ip, fragment };
}

function vrrpFrame(
  ethernet: EthernetHeader,
  ip: Ipv4Header | Ipv6Header,
  payload: Uint8Array,
): VrrpFrame {
  return {
    kind: 'vrrp',
    ethernet,
    ip,
    packet: payload.subarray(0, ip.totalLength),
    offset: ip.headerLength,
    length: ip.totalLength - ip.headerLength,
  };
}
