/**
 * The fields that both versions share: the first four bytes, the checksum, and the addresses.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+---------------+---------------+
 *     |Version| Type  | Virtual Rtr ID|   Priority    | Address Count |
 *     +-------+-------+---------------+---------------+---------------+
 *     |       differs by version      |           Checksum            |
 *     +-------------------------------+-------------------------------+
 *     |                         Addresses ...                         |
 */
import { type Family, type IpAddress, ipFromBytes } from '../../net/address.ts';
import { addressBytes, addressLength, byteAt, ranged, uint16At } from '../bytes.ts';

/** Bytes before the first address. */
export const FIXED_LENGTH = 8;

export const CHECKSUM_OFFSET = 6;

/** The only type that exists (RFC 9568 section 5.2.2). */
export const TYPE_ADVERTISEMENT = 1;

interface HeaderFields {
  readonly version: 2 | 3;
  readonly vrid: number;
  readonly priority: number;
  readonly addresses: readonly IpAddress[];
}

export interface ReceivedHeader {
  readonly type: number;
  readonly vrid: number;
  readonly priority: number;
  readonly count: number;
  readonly checksum: number;
}

/** Writes all fields except the checksum and the two bytes that differ by version. */
export function putHeader(pdu: Uint8Array, fields: HeaderFields, family: Family): void {
  const { version, vrid, priority, addresses } = fields;
  pdu[0] = (version << 4) | TYPE_ADVERTISEMENT;
  pdu[1] = ranged('VRID', vrid, 1, 255);
  pdu[2] = ranged('priority', priority, 0, 255);
  pdu[3] = ranged('address count', addresses.length, 0, 255);
  let at = FIXED_LENGTH;
  for (const address of addresses) {
    pdu.set(addressBytes(address, family), at);
    at += addressLength(family);
  }
}

export function versionAt(bytes: Uint8Array, offset: number): number {
  return byteAt(bytes, offset) >>> 4;
}

export function headerAt(bytes: Uint8Array, offset: number): ReceivedHeader {
  return {
    type: byteAt(bytes, offset) & 0x0f,
    vrid: byteAt(bytes, offset + 1),
    priority: byteAt(bytes, offset + 2),
    count: byteAt(bytes, offset + 3),
    checksum: uint16At(bytes, offset + CHECKSUM_OFFSET),
  };
}

/** Reads the addresses of the message that begins at `offset`. */
export function addressesAt(
  bytes: Uint8Array,
  offset: number,
  count: number,
  family: Family,
): IpAddress[] {
  const size = addressLength(family);
  const first = offset + FIXED_LENGTH;
  return Array.from({ length: count }, (_, i) => ipFromBytes(bytes, first + i * size, size));
}
