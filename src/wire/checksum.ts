/**
 * The Internet checksum (RFC 1071): the one's complement of the one's complement sum of all 16-bit
 * words. Partial sums are plain numbers that may be added in any order; carries are folded once, at
 * the end. Nothing that fits in an IP packet comes near 2^32, where folding would lose a carry.
 */
import { byteAt, uint16At } from './bytes.ts';

/** Adds the words of the range to `initial`; an odd last byte counts as if followed by a zero. */
export function sum16(bytes: Uint8Array, offset: number, length: number, initial = 0): number {
  const wordsEnd = offset + length - (length & 1);
  let sum = initial;
  for (let at = offset; at < wordsEnd; at += 2) sum += uint16At(bytes, at);
  return (length & 1) === 0 ? sum : sum + (byteAt(bytes, wordsEnd) << 8);
}

/** Folds to 16 bits by end-around carry, without the complement: 0xffff means that a checksum is right. */
export function foldSum(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/** The value of the checksum field: folded and complemented. */
export function finishChecksum(sum: number): number {
  return ~foldSum(sum) & 0xffff;
}
