/**
 * Addresses of typed arrays, for calls that take pointers inside structures. An address does not keep
 * its array alive: the caller must hold the array for as long as the kernel may use it.
 */
import { loadKoffi } from './libc.ts';

/** Exact as a number: user space ends below 2^48 on x86-64 and arm64. */
export function addressOf(memory: NodeJS.TypedArray): number {
  return Number(loadKoffi().address(memory));
}

/** Writes a 64-bit address or length as two words, the low one first (the hosts are little-endian). */
export function putUint64(words: Uint32Array, index: number, value: number): void {
  words[index] = value % 2 ** 32;
  words[index + 1] = Math.floor(value / 2 ** 32);
}
