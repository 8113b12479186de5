import { describe, expect, test } from 'vitest';
import { RunPool } from '../../../src/async/run-pool.ts';

/** A pool of four slots, and the runs that have begun in it. */
function rig() {
  const clock = { now: 0 };
  const begun: string[] = [];
  const pool = new RunPool(4, () => clock.now);
  const enter = (name: string, isSlow = false) => {
    clock.now++;
    return pool.enter(() => begun.push(name), isSlow);
  };
  return { pool, clock, begun, enter };
}

describe('a pool of runs', () => {
  test('runs as many at a time as it has slots, the others in order of arrival', () => {
    const { pool, begun, enter } = rig();
    const slots = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => enter(name));
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    slots[2]?.leave();
    slots[0]?.leave();
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(pool.running).toBe(4);
  });

  test('never runs more than it has slots, even with a thousand waiting', () => {
    const pool = new RunPool();
    const slots: { leave(): void }[] = [];
    let most = 0;
    let begun = 0;
    for (let count = 0; count < 1_000; count++) {
      const start = () => {
        begun++;
        most = Math.max(most, pool.running);
      };
      slots.push(pool.enter(start, false));
    }
    for (const slot of slots) slot.leave();
    expect([begun, most, pool.running]).toEqual([1_000, 64, 0]);
  });

  test('keeps half of its slots free of runs that timed out', () => {
    const { begun, enter } = rig();
    const slow = ['s1', 's2', 's3'].map((name) => enter(name, true));
    expect(begun).toEqual(['s1', 's2']);
    enter('a');
    enter('b');
    expect(begun).toEqual(['s1', 's2', 'a', 'b']);
    slow[0]?.leave();
    expect(begun.at(-1)).toBe('s3');
  });

  test('serves the longest waiting, quick or slow', () => {
    const { begun, enter } = rig();
    const [first] = ['a', 'b', 'c', 'd'].map((name) => enter(name));
    const slow = enter('s', true);
    enter('e');
    first?.leave();
    expect(begun.at(-1)).toBe('s');
    slow.leave();
    expect(begun.at(-1)).toBe('e');
  });

  test('forgets a run that is cancelled before it begins, and frees a slot once', () => {
    const { pool, begun, enter } = rig();
    const [first] = ['a', 'b', 'c', 'd'].map((name) => enter(name));
    enter('e').cancel();
    enter('f');
    first?.cancel();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    first?.leave();
    first?.leave();
    expect(begun.at(-1)).toBe('f');
    expect(pool.running).toBe(4);
  });

  test('reports how long the first quick run has been waiting', () => {
    const { pool, clock, enter } = rig();
    for (const name of ['s1', 's2', 's3']) enter(name, true);
    clock.now += 5_000;
    expect(pool.wait).toBe(0);
    for (const name of ['a', 'b', 'c']) enter(name);
    clock.now += 5_000;
    expect(pool.wait).toBe(5_000);
  });
});
