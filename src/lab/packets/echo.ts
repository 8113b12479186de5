/**
 * ICMP echo (RFC 792; RFC 4443 section 4) as the prober sends it. The payload begins with a 32-bit
 * counter, because the sequence number wraps after a minute of probes.
 *
 *     +---------------+---------------+-------------------------------+
 *     | Type          |    Code 0     |           Checksum            |
 *     +---------------+---------------+-------------------------------+
 *     |          Identifier           |        Sequence Number        |
 *     +-------------------------------+-------------------------------+
 *     |                          Counter (4)                          |
 *     +---------------------------------------------------------------+
 */
import type { Family, IpAddress } from '../../net/address.ts';
import { uint16At } from '../../wire/bytes.ts';
import { finishChecksum, sum16 } from '../../wire/checksum.ts';
import { decodeEthernetHeader, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../../wire/ethernet.ts';
import { decodeIpv4Header, decodeIpv6Header } from '../../wire/ip.ts';

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_ICMPV6 = 58;

export const ECHO_LENGTH = 12;

const TYPES = {
  ipv4: { request: 8, reply: 0, protocol: PROTOCOL_ICMP },
  ipv6: { request: 128, reply: 129, protocol: PROTOCOL_ICMPV6 },
} as const;

export interface Echo {
  readonly kind: 'request' | 'reply';
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly identifier: number;
  readonly counter: number;
}

/** The kernel fills in the checksum of ICMPv6, which covers a source address that it chooses. */
export function encodeEchoRequest(family: Family, identifier: number, counter: number) {
  const message = new Uint8Array(ECHO_LENGTH);
  const view = new DataView(message.buffer);
  view.setUint8(0, TYPES[family].request);
  view.setUint16(4, identifier);
  view.setUint16(6, counter & 0xffff);
  view.setUint32(8, counter >>> 0);
  if (family === 'ipv4') view.setUint16(2, finishChecksum(sum16(message, 0, ECHO_LENGTH)));
  return message;
}

/** Undefined if the frame holds no echo of a prober. */
export function decodeEcho(frame: Uint8Array): Echo | undefined {
  const ethernet = decodeEthernetHeader(frame, 0, frame.length);
  if (!ethernet.ok) return undefined;
  const packet = frame.subarray(ethernet.value.headerLength);
  const header = ipHeader(ethernet.value.etherType, packet);
  if (header === undefined || !header.ok) return undefined;
  const { family, protocol, headerLength, totalLength, source, destination } = header.value;
  const types = TYPES[family];
  if (protocol !== types.protocol || totalLength - headerLength < ECHO_LENGTH) return undefined;
  const type = packet[headerLength];
  if (type !== types.request && type !== types.reply) return undefined;
  const high = uint16At(packet, headerLength + 8);
  const low = uint16At(packet, headerLength + 10);
  return {
    kind: type === types.request ? 'request' : 'reply',
    source,
    destination,
    identifier: uint16At(packet, headerLength + 4),
    counter: high * 0x1_0000 + low,
  };
}

function ipHeader(etherType: number, packet: Uint8Array) {
  if (etherType === ETHERTYPE_IPV4) return decodeIpv4Header(packet, 0, packet.length);
  if (etherType === ETHERTYPE_IPV6) return decodeIpv6Header(packet, 0, packet.length);
  return undefined;
}
