import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instant, NEVER } from '../../../../../src/net/time.ts';
import { Timers } from '../../../../../src/protocol/engine/core/timers.ts';

const ROUTERS = 4;

const NAMES = ['adver', 'down', 'release'] as const;

type Name = (typeof NAMES)[number];

function fired(timers: Timers<Name>, timer: Name, now: number): [number, number][] {
  const calls: [number, number][] = [];
  timers.fire(timer, instant(now), (router, deadline) => calls.push([router, deadline]));
  return calls;
}

describe('timers', () => {
  test('nothing is armed at first', () => {
    const timers = new Timers(NAMES, ROUTERS);
    expect(timers.next()).toBe(NEVER);
    for (const timer of NAMES) expect(timers.at(timer, 0)).toBe(NEVER);
  });

  test('a deadline that has been reached fires once, and is disarmed', () => {
    const timers = new Timers(NAMES, ROUTERS);
    timers.set('down', 1, instant(100));
    timers.set('down', 3, instant(101));
    expect(fired(timers, 'down', 99)).toEqual([]);
    expect(fired(timers, 'down', 100)).toEqual([[1, 100]]);
    expect(timers.at('down', 1)).toBe(NEVER);
    expect(timers.next()).toBe(101);
  });

  test('timers of different names do not fire for each other', () => {
    const timers = new Timers(NAMES, ROUTERS);
    timers.set('adver', 0, instant(1));
    expect(fired(timers, 'down', 100)).toEqual([]);
    expect(fired(timers, 'adver', 100)).toEqual([[0, 1]]);
  });

  test('a callback may arm the same timer again', () => {
    const timers = new Timers(NAMES, ROUTERS);
    timers.set('adver', 2, instant(10));
    timers.fire('adver', instant(10), (router) => timers.set('adver', router, instant(20)));
    expect(timers.next()).toBe(20);
  });

  test('a deadline that moves later causes one early wake-up, and firing corrects it', () => {
    const timers = new Timers(NAMES, ROUTERS);
    timers.set('down', 0, instant(100));
    timers.set('down', 0, instant(200));
    expect(timers.next()).toBe(100);
    expect(fired(timers, 'down', 100)).toEqual([]);
    expect(timers.next()).toBe(200);
  });

  test('tightening makes every lower bound exact', () => {
    const timers = new Timers(NAMES, ROUTERS);
    timers.set('down', 0, instant(100));
    timers.set('release', 0, instant(50));
    timers.clear('release', 0);
    timers.set('down', 0, instant(300));
    timers.tighten();
    expect(timers.next()).toBe(300);
  });

  test('a router outside the table is never armed', () => {
    expect(new Timers(NAMES, 1).at('down', 7)).toBe(NEVER);
  });

  test('never wakes later than the earliest deadline, and fires exactly the due timers', () => {
    const operation = fc.record({
      timer: fc.constantFrom(...NAMES),
      router: fc.integer({ min: 0, max: ROUTERS - 1 }),
      at: fc.option(fc.integer({ min: 0, max: 50 })),
    });
    fc.assert(
      fc.property(fc.array(operation), fc.integer({ min: 0, max: 60 }), (operations, now) => {
        const timers = new Timers(NAMES, ROUTERS);
        const model = new Map<string, number>();
        for (const { timer, router, at } of operations) {
          model.set(`${timer} ${router}`, at ?? NEVER);
          if (at === null) timers.clear(timer, router);
          else timers.set(timer, router, instant(at));
        }
        expect(timers.next()).toBeLessThanOrEqual(Math.min(NEVER, ...model.values()));
        for (const timer of NAMES) {
          const due = [...model].filter(([key, at]) => key.startsWith(`${timer} `) && at <= now);
          const routers = fired(timers, timer, now).map(([router]) => `${timer} ${router}`);
          expect(routers.sort()).toEqual(due.map(([key]) => key).sort());
        }
      }),
    );
  });

  test('have room for more routers while they run', () => {
    const timers = new Timers(NAMES, 1);
    timers.set('adver', 0, instant(50));
    timers.grow(3);
    timers.set('down', 2, instant(40));
    expect([timers.next(), timers.at('adver', 0), timers.at('down', 2)]).toEqual([40, 50, 40]);
    timers.clearAll(2);
    timers.tighten();
    expect(timers.next()).toBe(50);
  });
});
