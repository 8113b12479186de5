/**
 * Reads and writes single fields in network byte order. Readers are total: bytes past the end read as
 * zero, so a wrong length can give a wrong number but never an exception. `ranged` refuses values that
 * do not fit, because such a value is a bug of the caller.
 */
import { type Family, familyOf, type IpAddress, ipToBytes } from '../net/address.ts';

export function byteAt(bytes: Uint8Array, offset: number): number {
  return bytes[offset] ?? 0;
}

export function uint16At(bytes: Uint8Array, offset: number): number {
  return (byteAt(bytes, offset) << 8) | byteAt(bytes, offset + 1);
}

export function putUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

export function uint32At(bytes: Uint8Array, offset: number): number {
  return uint16At(bytes, offset) * 0x10000 + uint16At(bytes, offset + 2);
}

export function putUint32(bytes: Uint8Array, offset: number, value: number): void {
  putUint16(bytes, offset, value >>> 16);
  putUint16(bytes, offset + 2, value & 0xffff);
}

/** Numbers beyond 2^53 lose their last bits: compare with `Number.isSafeInteger`. */
export function uint64At(bytes: Uint8Array, offset: number): number {
  return uint32At(bytes, offset) * 0x1_0000_0000 + uint32At(bytes, offset + 4);
}

/** A whole number up to 2^53. */
export function putUint64(bytes: Uint8Array, offset: number, value: number): void {
  putUint32(bytes, offset, Math.floor(value / 0x1_0000_0000));
  putUint32(bytes, offset + 4, value % 0x1_0000_0000);
}

/** How many of the `length` bytes that are claimed at `offset` the array really holds. */
export function heldLength(bytes: Uint8Array, offset: number, length: number): number {
  return Math.max(0, Math.min(length, bytes.length - offset));
}

/** The number of bytes in an address of the family. */
export function addressLength(family: Family): 4 | 16 {
  return family === 'ipv4' ? 4 : 16;
}

/** The address in network order; throws `RangeError` for an address of the other family. */
export function addressBytes(address: IpAddress, family: Family): Uint8Array {
  if (familyOf(address) !== family) throw new RangeError(`${address} is not an ${family} address`);
  return ipToBytes(address);
}

/** Returns the value; throws `RangeError` unless it is a whole number within both bounds. */
export function ranged(what: string, value: number, lowest: number, highest: number): number {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return value;
  throw new RangeError(`${what} is ${value}, not ${lowest}..${highest}`);
}
