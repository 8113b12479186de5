import { describe, expect, test } from 'vitest';
import { type Instant, milliseconds, seconds } from '../../../../src/net/time.ts';
import { firstTick, nextTick } from '../../../../src/protocol/engine/core/timers.ts';

const at = (microseconds: number) => microseconds as Instant;

describe('the first tick of a MASTER', () => {
  test.each([
    ['on the grid of 10 ms', seconds(1), 1_234_567, 2_230_000],
    ['a whole interval away where that is on the grid', seconds(1), 1_230_000, 2_230_000],
    ['on a grid of a tenth of an interval below 100 ms', milliseconds(50), 1_236_000, 1_285_000],
    ['on the grid of 10 ms from 100 ms on', milliseconds(100), 1_239_999, 1_330_000],
  ])('is %s', (_, interval, now, tick) => {
    expect(firstTick(interval, at(now))).toBe(tick);
  });

  test('is shared by routers that become MASTER one after the other', () => {
    const ticks = [1_230_001, 1_234_567, 1_239_999].map((now) => firstTick(seconds(1), at(now)));
    expect(new Set(ticks).size).toBe(1);
  });
});

describe('the next tick of a MASTER', () => {
  test.each([
    ['one interval on', 5_000_000, 6_000_000],
    ['one interval on when it is late by less', 5_999_999, 6_000_000],
    ['the next that lies ahead when one was missed', 6_000_000, 7_000_000],
    ['the next that lies ahead when several were missed', 8_500_000, 9_000_000],
  ])('is %s', (_, now, tick) => {
    expect(nextTick(at(5_000_000), seconds(1), at(now))).toBe(tick);
  });
});
