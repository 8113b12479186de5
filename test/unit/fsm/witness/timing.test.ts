/** The times that docs/adr/0009-a-witness.md argues with. */
import { describe, expect, test } from 'vitest';
import {
  answersWithin,
  asksBefore,
  fadesAfter,
  keyTime,
  lifetimeWithin,
  promiseTime,
  renewalPeriod,
  renewsEvery,
  retriesAfter,
  settlesAfter,
} from '../../../../fsm/witness/timing.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';

const TTL = seconds(9);

describe('the times of the witness', () => {
  test('two clocks that drift apart by 1000 ppm never count a promise longer than it is', () => {
    for (const ttl of [2, 3, 5, 60].map(seconds)) {
      expect(promiseTime(ttl) / 1.0005).toBeGreaterThan(ttl / 0.9995);
      expect(keyTime(ttl) / 0.9995).toBeLessThan(ttl / 1.0005);
    }
  });

  test('a lifetime leaves room for a kernel that is late, and zero means that there is none', () => {
    expect(lifetimeWithin(seconds(5), seconds(4.9))).toBe(3);
    expect(lifetimeWithin(seconds(2), seconds(1.9))).toBe(1);
    expect(lifetimeWithin(seconds(2), milliseconds(1_200))).toBe(0);
    expect(lifetimeWithin(seconds(5), seconds(-3))).toBe(0);
  });

  test('no lifetime ends between two renewals', () => {
    for (const ttl of [2, 3, 5, 60].map(seconds))
      expect(renewalPeriod(ttl)).toBeLessThan(seconds(1));
  });

  test('a promise outlasts the key by the drift of both clocks and a step', () => {
    expect([promiseTime(TTL), keyTime(TTL)]).toEqual([milliseconds(9_060), milliseconds(8_990)]);
  });

  test('are shares of the ttl', () => {
    const shares = [asksBefore, renewsEvery, answersWithin, retriesAfter, settlesAfter];
    expect(shares.map((share) => share(TTL))).toEqual(
      [4_500, 2_250, 4_500, 1_125, 9_000].map(milliseconds),
    );
  });

  test.each([
    [seconds(3), 375],
    [seconds(9), 500],
  ])('lifetimes are renewed eight times in a ttl, or twice a second (%d)', (ttl, expected) => {
    expect(renewalPeriod(ttl)).toBe(milliseconds(expected));
  });

  test.each([
    [seconds(2), milliseconds(50), 500],
    [seconds(9), milliseconds(50), 1_000],
    [seconds(9), milliseconds(1_000), 2_500],
  ])('a promise fades with the ttl and the heartbeat (%d, %d)', (ttl, heartbeat, expected) => {
    expect(fadesAfter(ttl, heartbeat)).toBe(milliseconds(expected));
  });

  test.each([
    ['a short ttl', milliseconds(3_999), 2_300, 2],
    ['a short ttl, less a moment', milliseconds(3_999), 2_299, 1],
    ['a long ttl', seconds(4), 3_050, 2],
    ['a long ttl, less a moment', seconds(4), 3_049, 1],
    ['what is over', seconds(4), 10, 0],
  ])('a lifetime ends in time although the kernel is late: %s', (_, ttl, remaining, expected) => {
    expect(lifetimeWithin(ttl, milliseconds(remaining))).toBe(expected);
  });
});
