import { expect, test } from 'vitest';
import {
  earliest,
  instant,
  LONG_AGO,
  latest,
  longest,
  microseconds,
  milliseconds,
  NEVER,
  seconds,
  shortest,
  times,
  wholeMilliseconds,
} from '../../../src/net/time.ts';

test('every instant lies after LONG_AGO and before NEVER', () => {
  expect(latest(LONG_AGO, instant(7))).toBe(7);
  expect(latest(instant(9), instant(7))).toBe(9);
  expect(earliest(NEVER, instant(7))).toBe(7);
  expect(earliest(instant(7), instant(9))).toBe(7);
});

test('the longest and the shortest of two durations', () => {
  expect(longest(seconds(1), milliseconds(999))).toBe(1_000_000);
  expect(shortest(seconds(1), milliseconds(999))).toBe(999_000);
  expect(shortest(times(seconds(5), 2 ** 2_000), seconds(60))).toBe(60_000_000);
});

test('milliseconds are whole, and never zero', () => {
  expect(wholeMilliseconds(microseconds(1_499))).toBe(1_000);
  expect(wholeMilliseconds(microseconds(1))).toBe(1_000);
});
