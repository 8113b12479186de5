import { expect, test } from 'vitest';
import { isPowerOfTwo } from '../../../src/net/power-of-two.ts';

test('is true for the counts to report: twenty-one of two million', () => {
  const counts = Array.from({ length: 2_000_000 }, (_, at) => at).filter(isPowerOfTwo);
  expect(counts.slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
  expect(counts).toHaveLength(21);
});
