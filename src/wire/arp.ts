/**
 * ARP for IPv4 over Ethernet (RFC 826) and the announcement of a virtual address with it.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+-------------------------------+
 *     |       Hardware Type (1)       |    Protocol Type (0x0800)     |
 *     +---------------+---------------+-------------------------------+
 *     | HW Length (6) | Pr Length (4) |           Operation           |
 *     +---------------+---------------+-------------------------------+
 *     |          Sender MAC (6), Sender IP (4), 10 bytes              |
 *     +---------------------------------------------------------------+
 *     |          Target MAC (6), Target IP (4), 10 bytes              |
 *     +---------------------------------------------------------------+
 */
import {
  type IpAddress,
  ip,
  ipFromBytes,
  type MacAddress,
  macFromBytes,
  mac as macOf,
  macToBytes,
} from '../net/address.ts';
import { failure, type Result, success } from '../net/result.ts';
import { addressBytes, byteAt, heldLength, putUint16, ranged, uint16At } from './bytes.ts';
import { BROADCAST_MAC, ETHERTYPE_ARP, ETHERTYPE_IPV4, encodeEthernetFrame } from './ethernet.ts';

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

const UNSPECIFIED = ip('0.0.0.0');
const NO_MAC = macOf('00:00:00:00:00:00');

const HARDWARE_ETHERNET = 1;
const PACKET_LENGTH = 28;

export interface ArpPacket {
  /** `ARP_REQUEST`, `ARP_REPLY`, or another number. */
  readonly operation: number;
  readonly senderMac: MacAddress;
  readonly senderIp: IpAddress;
  readonly targetMac: MacAddress;
  readonly targetIp: IpAddress;
}

type ArpDecodeError =
  | { readonly code: 'arp-truncated'; readonly length: number; readonly expected: number }
  /** Not IPv4 over Ethernet. */
  | {
      readonly code: 'arp-format-error';
      readonly hardwareType: number;
      readonly protocolType: number;
      readonly hardwareLength: number;
      readonly protocolLength: number;
    };

export function encodeArp(arp: ArpPacket): Uint8Array {
  const packet = new Uint8Array(PACKET_LENGTH);
  putUint16(packet, 0, HARDWARE_ETHERNET);
  putUint16(packet, 2, ETHERTYPE_IPV4);
  packet[4] = 6;
  packet[5] = 4;
  putUint16(packet, 6, ranged('ARP operation', arp.operation, 0, 0xffff));
  packet.set(macToBytes(arp.senderMac), 8);
  packet.set(addressBytes(arp.senderIp, 'ipv4'), 14);
  packet.set(macToBytes(arp.targetMac), 18);
  packet.set(addressBytes(arp.targetIp, 'ipv4'), 24);
  return packet;
}

export function decodeArp(
  bytes: Uint8Array,
  offset: number,
  length: number,
): Result<ArpPacket, ArpDecodeError> {
  const held = heldLength(bytes, offset, length);
  if (held < PACKET_LENGTH) {
    return failure({ code: 'arp-truncated', length: held, expected: PACKET_LENGTH });
  }
  const hardwareType = uint16At(bytes, offset);
  const protocolType = uint16At(bytes, offset + 2);
  const hardwareLength = byteAt(bytes, offset + 4);
  const protocolLength = byteAt(bytes, offset + 5);
  const ethernet = hardwareType === HARDWARE_ETHERNET && hardwareLength === 6;
  const ipv4 = protocolType === ETHERTYPE_IPV4 && protocolLength === 4;
  if (!ethernet || !ipv4) {
    const code = 'arp-format-error';
    return failure({ code, hardwareType, protocolType, hardwareLength, protocolLength });
  }
  return success({
    operation: uint16At(bytes, offset + 6),
    senderMac: macFromBytes(bytes, offset + 8),
    senderIp: ipFromBytes(bytes, offset + 14, 4),
    targetMac: macFromBytes(bytes, offset + 18),
    targetIp: ipFromBytes(bytes, offset + 24, 4),
  });
}

/** The frame that asks which host has the address, without a sender address (RFC 5227 section 2.1.1). */
export function encodeArpProbe(mac: MacAddress, address: IpAddress): Uint8Array {
  return encodeArpQuestion(mac, UNSPECIFIED, address);
}

/** The same with a sender address: the host that is asked learns it (RFC 826). */
export function encodeArpQuestion(
  mac: MacAddress,
  source: IpAddress,
  address: IpAddress,
): Uint8Array {
  const arp = encodeArp({
    operation: ARP_REQUEST,
    senderMac: mac,
    senderIp: source,
    targetMac: NO_MAC,
    targetIp: address,
  });
  const header = { destination: BROADCAST_MAC, source: mac, etherType: ETHERTYPE_ARP };
  return encodeEthernetFrame(header, arp);
}

/**
 * The broadcast frame that announces the MAC address of a virtual IPv4 address (RFC 9568 section 6.4.1,
 * with errata 7947: the target link-layer address is the announced one). The two forms differ only in
 * the operation; some hosts learn from only one of them.
 */
export function encodeArpAnnouncement(
  mac: MacAddress,
  address: IpAddress,
  form: 'request' | 'reply',
): Uint8Array {
  const arp = encodeArp({
    operation: form === 'request' ? ARP_REQUEST : ARP_REPLY,
    senderMac: mac,
    senderIp: address,
    targetMac: mac,
    targetIp: address,
  });
  const header = { destination: BROADCAST_MAC, source: mac, etherType: ETHERTYPE_ARP };
  return encodeEthernetFrame(header, arp);
}
