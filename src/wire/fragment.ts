/**
 * Reads one fragment of an IP packet: IPv4 has the fields in its header (RFC 791 section 3.2), IPv6 in
 * a Fragment header (RFC 8200 section 4.5; picture in ipv6-fragments.ts). IPv6 packets with other
 * extension headers before that one cannot be VRRP.
 */
import { byteAt, putUint16, uint16At, uint32At } from './bytes.ts';
import { finishChecksum, sum16 } from './checksum.ts';
import type { Ipv4Header, Ipv6Header } from './ip.ts';

export interface Fragment {
  /** The same in all fragments of a packet; different for each packet of a source and destination. */
  readonly identification: number;
  /** The protocol of the whole packet, as this fragment says. */
  readonly protocol: number;
  /** The position of this part in the payload of the whole packet, in bytes. */
  readonly offset: number;
  readonly isLast: boolean;
  readonly header: Uint8Array;
  readonly part: Uint8Array;
}

export const NEXT_HEADER_FRAGMENT = 44;
export const FRAGMENT_HEADER_LENGTH = 8;
/** The unit of the offset, in bytes. */
const UNIT = 8;
const MORE_FRAGMENTS = 1;
const IPV4_MORE_FRAGMENTS = 0x2000;
const IPV4_OFFSET = 0x1fff;
const IPV4_LENGTH_OFFSET = 2;
const IPV4_FRAGMENT_OFFSET = 6;
const IPV4_CHECKSUM_OFFSET = 10;
const IPV6_LENGTH_OFFSET = 4;
const IPV6_NEXT_HEADER_OFFSET = 6;

/** Undefined if the packet is whole, or cannot be VRRP. */
export function decodeFragment(
  packet: Uint8Array,
  ip: Ipv4Header | Ipv6Header,
): Fragment | undefined {
  const header = packet.subarray(0, ip.headerLength);
  const body = packet.subarray(ip.headerLength, ip.totalLength);
  if (ip.family === 'ipv4') {
    if (!ip.fragment) return undefined;
    const word = uint16At(packet, IPV4_FRAGMENT_OFFSET);
    return {
      identification: ip.identification,
      protocol: ip.protocol,
      offset: (word & IPV4_OFFSET) * UNIT,
      isLast: (word & IPV4_MORE_FRAGMENTS) === 0,
      header,
      part: body,
    };
  }
  if (ip.protocol !== NEXT_HEADER_FRAGMENT || body.length < FRAGMENT_HEADER_LENGTH) {
    return undefined;
  }
  const word = uint16At(body, 2);
  return {
    identification: uint32At(body, 4),
    protocol: byteAt(body, 0),
    offset: word & ~(UNIT - 1),
    isLast: (word & MORE_FRAGMENTS) === 0,
    header,
    part: body.subarray(FRAGMENT_HEADER_LENGTH),
  };
}

/** Builds the whole packet, with the header of its first fragment. */
export function joinedPacket({ header, protocol }: Fragment, payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(header.length + payload.length);
  packet.set(header);
  packet.set(payload, header.length);
  if (byteAt(header, 0) >>> 4 === 6) {
    packet[IPV6_NEXT_HEADER_OFFSET] = protocol;
    putUint16(packet, IPV6_LENGTH_OFFSET, payload.length);
    return packet;
  }
  putUint16(packet, IPV4_LENGTH_OFFSET, packet.length);
  putUint16(packet, IPV4_FRAGMENT_OFFSET, 0);
  putUint16(packet, IPV4_CHECKSUM_OFFSET, 0);
  putUint16(packet, IPV4_CHECKSUM_OFFSET, finishChecksum(sum16(packet, 0, header.length)));
  return packet;
}
