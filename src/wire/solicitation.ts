/**
 * Requests that a reachable host answers: ICMP and ICMPv6 echo (RFC 792, RFC 4443 section 4) and
 * Neighbor Solicitation (RFC 4861 section 4.3). The kernel computes ICMPv6 checksums for raw sockets
 * (RFC 3542 section 3.1).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |     Type      |    Code 0     |           Checksum            |
 *     +---------------+---------------+-------------------------------+
 *     |    Identifier (echo)          |    Sequence Number (echo)     |
 *     +-------------------------------+-------------------------------+
 *     |        Target Address (16), options (solicitation)            |
 *     +---------------------------------------------------------------+
 */
import {
  type Family,
  type IpAddress,
  ipFromBytes,
  type MacAddress,
  macToBytes,
} from '../net/address.ts';
import { addressBytes, byteAt, putUint16, uint16At } from './bytes.ts';
import { finishChecksum, sum16 } from './checksum.ts';
import { decodeIpv4Header } from './ip.ts';
import { NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION } from './neighbor.ts';

const ECHO: { readonly [F in Family]: { readonly request: number; readonly reply: number } } = {
  ipv4: { request: 8, reply: 0 },
  ipv6: { request: 128, reply: 129 },
};
const SOURCE_LINK_LAYER_ADDRESS = 1;

const ECHO_LENGTH = 8;
const NEIGHBOR_LENGTH = 24;
const OPTION_LENGTH = 8;

export interface Echo {
  readonly identifier: number;
  readonly sequence: number;
}

export function encodeEchoRequest(family: Family, { identifier, sequence }: Echo): Uint8Array {
  const message = new Uint8Array(ECHO_LENGTH);
  message[0] = ECHO[family].request;
  putUint16(message, 4, identifier & 0xffff);
  putUint16(message, 6, sequence & 0xffff);
  if (family === 'ipv4') putUint16(message, 2, finishChecksum(sum16(message, 0, ECHO_LENGTH)));
  return message;
}

/** True if the packet answers the request; IPv4 packets have their IP header, IPv6 ones do not (raw(7)). */
export function isEchoReply(family: Family, packet: Uint8Array, { identifier, sequence }: Echo) {
  const start = family === 'ipv4' ? headerLength(packet) : 0;
  if (packet.length < start + ECHO_LENGTH) return false;
  return (
    byteAt(packet, start) === ECHO[family].reply &&
    uint16At(packet, start + 4) === (identifier & 0xffff) &&
    uint16At(packet, start + 6) === (sequence & 0xffff)
  );
}

export function encodeNeighborSolicitation(target: IpAddress, source: MacAddress): Uint8Array {
  const message = new Uint8Array(NEIGHBOR_LENGTH + OPTION_LENGTH);
  message[0] = NEIGHBOR_SOLICITATION;
  message.set(addressBytes(target, 'ipv6'), 8);
  message[NEIGHBOR_LENGTH] = SOURCE_LINK_LAYER_ADDRESS;
  message[NEIGHBOR_LENGTH + 1] = 1;
  message.set(macToBytes(source), NEIGHBOR_LENGTH + 2);
  return message;
}

/** True if the ICMPv6 message is an advertisement of the target. */
export function isNeighborAnswer(message: Uint8Array, target: IpAddress): boolean {
  if (message.length < NEIGHBOR_LENGTH || byteAt(message, 0) !== NEIGHBOR_ADVERTISEMENT) {
    return false;
  }
  return ipFromBytes(message, 8, 16) === target;
}

function headerLength(packet: Uint8Array): number {
  const header = decodeIpv4Header(packet, 0, packet.length);
  return header.ok ? header.value.headerLength : packet.length;
}
