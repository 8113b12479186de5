import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Duration, instant, NEVER } from '../../../../src/net/time.ts';
import { nextTick, Timers } from '../../../../src/protocol/engine/core/timers.ts';

const ignore = () => {};

const NAMES = ['down', 'adver'] as const;

describe('the next deadline', () => {
  test('stays a lower bound until it is reached', () => {
    const timers = new Timers(NAMES, 2);
    timers.set('down', 0, instant(100));
    timers.set('down', 0, instant(200));
    expect(timers.next()).toBe(100);
    timers.fire('down', instant(99), ignore);
    expect(timers.next()).toBe(100);
    timers.fire('down', instant(100), ignore);
    expect(timers.next()).toBe(200);
  });

  test('is exact for every timer once it was tightened', () => {
    const timers = new Timers(NAMES, 2);
    for (const timer of NAMES) {
      timers.set(timer, 1, instant(100));
      timers.set(timer, 1, instant(200));
    }
    timers.tighten();
    expect(timers.next()).toBe(200);
    for (const timer of NAMES) timers.clear(timer, 1);
    timers.tighten();
    expect(timers.next()).toBe(NEVER);
  });

  test('is kept by a table that already has room for more routers', () => {
    const timers = new Timers(NAMES, 2);
    timers.set('down', 1, instant(100));
    timers.grow(1);
    expect([timers.at('down', 1), timers.next()]).toEqual([100, 100]);
  });
});

describe('the next tick', () => {
  test.each([
    [100, 10, 100, 110],
    [100, 10, 109, 110],
    [100, 10, 110, 120],
    [100, 10, 175, 180],
  ])('of a grid from %i every %i is, at %i, %i', (deadline, interval, now, tick) => {
    expect(nextTick(instant(deadline), interval as Duration, instant(now))).toBe(tick);
  });

  test('is on the grid, in the future, and at most an interval away', () => {
    const time = fc.integer({ min: 0, max: 1_000_000 });
    const interval = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(time, interval, time, (deadline, every, late) => {
        const now = deadline + late;
        const tick = nextTick(instant(deadline), every as Duration, instant(now));
        expect((tick - deadline) % every).toBe(0);
        expect(tick - now).toBeGreaterThan(0);
        expect(tick - now).toBeLessThanOrEqual(every);
      }),
    );
  });
});
