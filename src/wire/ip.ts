/**
 * IPv4 (RFC 791 section 3.1) and IPv6 (RFC 8200 section 3) headers. Packets are built without
 * options and without extension headers; received IPv4 headers may carry options.
 */
import { type Family, type IpAddress, ipFromBytes } from '../net/address.ts';
import { failure, type Result, success } from '../net/result.ts';
import { addressBytes, byteAt, heldLength, putUint16, ranged, uint16At } from './bytes.ts';
import { finishChecksum, foldSum, sum16 } from './checksum.ts';

const IPV4_HEADER_LENGTH = 20;
export const IPV6_HEADER_LENGTH = 40;

/** In the word of flags and fragment offset: all bits but Reserved and Don't Fragment. */
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;

/** The fields that both families share; IPv6 calls the protocol Next Header and the TTL Hop Limit. */
export interface IpHeader {
  readonly family: Family;
  /** Bytes before the payload, including options. */
  readonly headerLength: number;
  /** Bytes of the whole packet as its header says; never more than the array holds. */
  readonly totalLength: number;
  /** DSCP and ECN. */
  readonly trafficClass: number;
  readonly protocol: number;
  readonly ttl: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
}

export interface Ipv4Header extends IpHeader {
  readonly family: 'ipv4';
  readonly identification: number;
  /** True for a fragment: the payload is not a whole message. */
  readonly fragment: boolean;
  readonly checksumRight: boolean;
}

export interface Ipv6Header extends IpHeader {
  readonly family: 'ipv6';
}

type IpDecodeError =
  /** `expected` is the lowest number of bytes that would be valid. */
  | { readonly code: 'ip-truncated'; readonly length: number; readonly expected: number }
  | { readonly code: 'ip-version-error'; readonly version: number }
  | {
      readonly code: 'ip-header-length-error';
      readonly headerLength: number;
      readonly totalLength: number;
    };

/**
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+-------------------------------+
 *     |   4   |  IHL  | Traffic Class |         Total Length          |
 *     +-------+-------+---------------+-----+-------------------------+
 *     |        Identification         |Flags|     Fragment Offset     |
 *     +---------------+---------------+-----+-------------------------+
 *     | Time to Live  |   Protocol    |        Header Checksum        |
 *     +---------------+---------------+-------------------------------+
 *     |                        Source Address                         |
 *     +---------------------------------------------------------------+
 *     |                      Destination Address                      |
 *     +---------------------------------------------------------------+
 */
export function encodeIpv4Packet(
  header: {
    readonly source: IpAddress;
    readonly destination: IpAddress;
    readonly ttl: number;
    readonly trafficClass: number;
    /** Zero lets the kernel choose one (raw(7), IP_HDRINCL). */
    readonly identification?: number;
    readonly protocol: number;
  },
  payload: Uint8Array,
): Uint8Array {
  const totalLength = IPV4_HEADER_LENGTH + payload.length;
  const packet = new Uint8Array(ranged('total length', totalLength, IPV4_HEADER_LENGTH, 0xffff));
  packet[0] = (4 << 4) | (IPV4_HEADER_LENGTH / 4);
  packet[1] = ranged('traffic class', header.trafficClass, 0, 255);
  putUint16(packet, 2, totalLength);
  putUint16(packet, 4, ranged('identification', header.identification ?? 0, 0, 0xffff));
  packet[8] = ranged('TTL', header.ttl, 0, 255);
  packet[9] = ranged('protocol', header.protocol, 0, 255);
  packet.set(addressBytes(header.source, 'ipv4'), 12);
  packet.set(addressBytes(header.destination, 'ipv4'), 16);
  putUint16(packet, 10, finishChecksum(sum16(packet, 0, IPV4_HEADER_LENGTH)));
  packet.set(payload, IPV4_HEADER_LENGTH);
  return packet;
}

export function decodeIpv4Header(
  bytes: Uint8Array,
  offset: number,
  length: number,
): Result<Ipv4Header, IpDecodeError> {
  const held = heldLength(bytes, offset, length);
  if (held < IPV4_HEADER_LENGTH) return truncated(held, IPV4_HEADER_LENGTH);
  const version = byteAt(bytes, offset) >>> 4;
  if (version !== 4) return failure({ code: 'ip-version-error', version });
  const headerLength = (byteAt(bytes, offset) & 0x0f) * 4;
  const totalLength = uint16At(bytes, offset + 2);
  if (headerLength < IPV4_HEADER_LENGTH || totalLength < headerLength) {
    return failure({ code: 'ip-header-length-error', headerLength, totalLength });
  }
  if (held < totalLength) return truncated(held, totalLength);
  return success({
    family: 'ipv4',
    headerLength,
    totalLength,
    trafficClass: byteAt(bytes, offset + 1),
    identification: uint16At(bytes, offset + 4),
    fragment: (uint16At(bytes, offset + 6) & MORE_FRAGMENTS_OR_OFFSET) !== 0,
    ttl: byteAt(bytes, offset + 8),
    protocol: byteAt(bytes, offset + 9),
    checksumRight: foldSum(sum16(bytes, offset, headerLength)) === 0xffff,
    source: ipFromBytes(bytes, offset + 12, 4),
    destination: ipFromBytes(bytes, offset + 16, 4),
  });
}

/**
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+---------------+---------------------------------------+
 *     |   6   | Traffic Class |              Flow Label               |
 *     +-------+---------------+-------+---------------+---------------+
 *     |        Payload Length         |  Next Header  |   Hop Limit   |
 *     +-------------------------------+---------------+---------------+
 *     |                      Source Address (16)                      |
 *     +---------------------------------------------------------------+
 *     |                   Destination Address (16)                    |
 *     +---------------------------------------------------------------+
 */
export function encodeIpv6Packet(
  header: {
    readonly source: IpAddress;
    readonly destination: IpAddress;
    readonly hopLimit: number;
    readonly trafficClass: number;
    readonly nextHeader: number;
  },
  payload: Uint8Array,
): Uint8Array {
  const payloadLength = ranged('payload length', payload.length, 0, 0xffff);
  const packet = new Uint8Array(IPV6_HEADER_LENGTH + payloadLength);
  const trafficClass = ranged('traffic class', header.trafficClass, 0, 255);
  putUint16(packet, 0, (6 << 12) | (trafficClass << 4));
  putUint16(packet, 4, payloadLength);
  packet[6] = ranged('next header', header.nextHeader, 0, 255);
  packet[7] = ranged('hop limit', header.hopLimit, 0, 255);
  packet.set(addressBytes(header.source, 'ipv6'), 8);
  packet.set(addressBytes(header.destination, 'ipv6'), 24);
  packet.set(payload, IPV6_HEADER_LENGTH);
  return packet;
}

/** Extension headers are payload: `protocol` then names the first of them. */
export function decodeIpv6Header(
  bytes: Uint8Array,
  offset: number,
  length: number,
): Result<Ipv6Header, IpDecodeError> {
  const held = heldLength(bytes, offset, length);
  if (held < IPV6_HEADER_LENGTH) return truncated(held, IPV6_HEADER_LENGTH);
  const version = byteAt(bytes, offset) >>> 4;
  if (version !== 6) return failure({ code: 'ip-version-error', version });
  const totalLength = IPV6_HEADER_LENGTH + uint16At(bytes, offset + 4);
  if (held < totalLength) return truncated(held, totalLength);
  return success({
    family: 'ipv6',
    headerLength: IPV6_HEADER_LENGTH,
    totalLength,
    trafficClass: (uint16At(bytes, offset) >>> 4) & 0xff,
    protocol: byteAt(bytes, offset + 6),
    ttl: byteAt(bytes, offset + 7),
    source: ipFromBytes(bytes, offset + 8, 16),
    destination: ipFromBytes(bytes, offset + 24, 16),
  });
}

function truncated(length: number, expected: number): Result<never, IpDecodeError> {
  return failure({ code: 'ip-truncated', length, expected });
}
