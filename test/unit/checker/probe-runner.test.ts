import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ProbeChange, ProbeRunner } from '../../../src/checker/probe-runner.ts';
import { RunPool } from '../../../src/checker/run-pool.ts';
import type { ProbeOutcome } from '../../../src/net/probe.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const UP: ProbeOutcome = { passed: true, detail: 'exit status 0' };
const DOWN: ProbeOutcome = { passed: false, detail: 'exit status 1' };

/** A probe whose runs end when the test says so, or at once with the next outcome. */
function running(limits: { rise?: number; fall?: number } = {}, pool?: RunPool) {
  const told: ProbeChange[] = [];
  const ends: ((outcome: ProbeOutcome) => void)[] = [];
  let next: ProbeOutcome | undefined = UP;
  const close = vi.fn();
  const run = () =>
    new Promise<ProbeOutcome>((resolve) => {
      if (next === undefined) ends.push(resolve);
      else resolve(next);
    });
  const runner = new ProbeRunner(
    { run, close },
    {
      timing: { interval: seconds(1), timeout: milliseconds(300), rise: 1, fall: 1, ...limits },
      tell: (change) => told.push(change),
      random: () => 0.5,
      ...(pool === undefined ? {} : { pool }),
    },
  );
  runner.start();
  return {
    runner,
    told,
    ends,
    close,
    answer: (outcome: ProbeOutcome | undefined) => {
      next = outcome;
    },
  };
}

describe('a probe', () => {
  test('runs soon after the start, and tells its first result', async () => {
    const { told } = running();
    await vi.advanceTimersByTimeAsync(250);
    expect(told).toEqual([{ up: true, value: undefined, detail: 'exit status 0' }]);
  });

  test('tells of changes and of nothing else', async () => {
    const { told, answer, runner } = running({ fall: 2 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toHaveLength(1);
    answer(DOWN);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told.at(-1)).toEqual({ up: false, value: undefined, detail: 'exit status 1' });
    expect(runner.reading).toMatchObject({ failures: 2, overruns: 0, result: 'exit status 1' });
  });

  test('that takes too long has failed, though it never ends', async () => {
    const { told, answer, runner } = running({ fall: 3 });
    await vi.advanceTimersByTimeAsync(500);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(told.at(-1)).toMatchObject({ up: false, detail: 'still not done' });
    expect(runner.reading).toMatchObject({ runs: 2, overruns: 3, failures: 4 });
  });

  test('goes on once such a run has ended, whose late result does not count', async () => {
    const { told, answer, ends } = running();
    await vi.advanceTimersByTimeAsync(500);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(told.at(-1)?.up).toBe(false);
    ends[0]?.(UP);
    await vi.advanceTimersByTimeAsync(0);
    expect(told.at(-1)?.up).toBe(false);
    answer(UP);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told.at(-1)?.up).toBe(true);
  });

  test('looks at once when it is told to, and once more when it was just looking', async () => {
    const { answer, runner, ends } = running();
    await vi.advanceTimersByTimeAsync(250);
    answer(undefined);
    runner.look();
    runner.look();
    runner.look();
    expect(runner.reading.runs).toBe(2);
    ends[0]?.(UP);
    await vi.advanceTimersByTimeAsync(0);
    expect(runner.reading.runs).toBe(3);
  });

  test('tells of another number in a file', async () => {
    const { told, answer } = running();
    answer({ passed: true, value: -5, detail: '-5' });
    await vi.advanceTimersByTimeAsync(250);
    answer({ passed: true, value: -7, detail: '-7' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told.map(({ value }) => value)).toEqual([-5, -7]);
  });

  test('is silent after it was closed', async () => {
    const { told, answer, runner, ends, close } = running();
    answer(undefined);
    await vi.advanceTimersByTimeAsync(250);
    runner.close();
    ends[0]?.(UP);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([]);
    expect(close).toHaveBeenCalledOnce();
  });
});

test('Many probes that begin together are spread evenly over their interval', async () => {
  const starts: number[] = [];
  const began = performance.now();
  for (let index = 0; index < 200; index++) {
    const run = async () => {
      starts.push(performance.now() - began);
      return UP;
    };
    new ProbeRunner(
      { run, close: () => {} },
      {
        timing: { interval: seconds(2), timeout: seconds(1), rise: 1, fall: 1 },
        tell: () => {},
        random: () => (index + 0.5) / 200,
        spreadMs: 1_000,
      },
    ).start();
  }
  await vi.advanceTimersByTimeAsync(7_000);
  expect(starts.filter((at) => at <= 1_000)).toHaveLength(200);
  for (let from = 3_000; from < 7_000; from += 500) {
    expect(starts.filter((at) => at >= from && at < from + 500).length).toBeCloseTo(50, -1);
  }
});

describe('a probe that waits for a place', () => {
  test('has not failed, however long it waits, and its time begins when it is run', async () => {
    const pool = new RunPool(1);
    const other = pool.enter(() => {}, false);
    const { told, runner, answer, ends } = running({}, pool);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([]);
    expect(runner.reading).toMatchObject({ runs: 0, failures: 0, overruns: 10 });
    other.leave();
    await vi.advanceTimersByTimeAsync(290);
    ends[0]?.(UP);
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual([{ up: true, value: undefined, detail: 'exit status 0' }]);
    expect(pool.running).toBe(0);
  });

  test('gives its place to others when it hangs, and then takes one of those for the slow', async () => {
    const pool = new RunPool(2);
    const { answer, ends } = running({}, pool);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(125 + 320 + 900);
    expect(pool.running).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(pool.running).toBe(0);
    ends[0]?.(UP);
    const slow = pool.enter(() => {}, true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(pool.running).toBe(1);
    slow.leave();
    expect(pool.running).toBe(1);
    expect(ends).toHaveLength(2);
  });

  test('never runs when it was closed meanwhile', async () => {
    const pool = new RunPool(1);
    const other = pool.enter(() => {}, false);
    const { runner } = running({}, pool);
    await vi.advanceTimersByTimeAsync(500);
    runner.close();
    other.leave();
    expect([runner.reading.runs, pool.running]).toEqual([0, 0]);
  });
});
