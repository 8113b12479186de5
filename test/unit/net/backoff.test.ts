import { expect, test } from 'vitest';
import { Backoff } from '../../../src/net/backoff.ts';
import { instant, LONG_AGO, milliseconds, seconds } from '../../../src/net/time.ts';

const LIMITS = { least: milliseconds(50), most: milliseconds(300), calm: seconds(1) };

test('the first repair is immediate, and each further one waits twice as long, within a bound', () => {
  const backoff = new Backoff(LIMITS);
  expect(backoff.until).toBe(LONG_AGO);
  const pauses = [0, 50, 150, 350, 650].map((at) => {
    const now = instant(at * 1_000);
    expect(backoff.until).toBeLessThanOrEqual(now);
    backoff.repaired(now);
    return (backoff.until - now) / 1_000;
  });
  expect(pauses).toEqual([50, 100, 200, 300, 300]);
});

test('the repairs in a row are counted, until it has been calm for long enough after the pause', () => {
  const backoff = new Backoff(LIMITS);
  expect(backoff.repaired(instant(0))).toBe(1);
  expect(backoff.repaired(instant(1_050_000))).toBe(2);
  expect(backoff.until).toBe(1_150_000);
  expect(backoff.repaired(instant(2_150_001))).toBe(1);
  expect(backoff.until).toBe(2_200_001);
});
