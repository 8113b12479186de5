/**
 * True for 1, 2, 4, 8, ... An event that is reported only at these counts is reported twenty times in a
 * flood of a million.
 */
export function isPowerOfTwo(count: number): boolean {
  return count > 0 && count < 2 ** 31 && (count & (count - 1)) === 0;
}
