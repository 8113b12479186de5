import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../src/config/duration.ts';

describe('a duration', () => {
  test.each([
    ['10ms', 10_000],
    ['1.1s', 1_100_000],
    ['0.5m', 30_000_000],
    ['2h', 7_200_000_000],
  ])('%s has %i microseconds', (text, microseconds) => {
    expect(parseDuration(text)).toBe(microseconds);
  });

  test.each(['10', '10 s', '-1s', '0.0001s', '1d', '12345678s', ''])('is not %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('that is too long becomes the longest possible one', () => {
    const longest = parseDuration('9999999h') ?? 0;
    expect(Number.isSafeInteger(longest)).toBe(true);
    expect(longest).toBeGreaterThan(parseDuration('2000000h') ?? 0);
    expect(longest % 1_000).toBe(0);
  });
});
