import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RunPool } from '../../../src/async/run-pool.ts';
import type { ProbeChange } from '../../../src/checker/channel/messages.ts';
import { ProbeRunner } from '../../../src/checker/probe-runner.ts';
import type { ProbeOutcome, ProbeTiming } from '../../../src/net/probe.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const UP: ProbeOutcome = { passed: true, detail: 'exit status 0' };
const DOWN: ProbeOutcome = { passed: false, detail: 'exit status 1' };

/** A probe whose runs end when the test says so, or immediately with the next outcome. */
function running(
  limits: Partial<ProbeTiming> = {},
  pool?: RunPool,
  known?: { up: boolean; value: number | undefined },
) {
  const changes: ProbeChange[] = [];
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
      report: (change) => changes.push(change),
      random: () => 0.5,
      known,
      ...(pool === undefined ? {} : { pool }),
    },
  );
  runner.start();
  return {
    runner,
    changes,
    ends,
    close,
    answer: (outcome: ProbeOutcome | undefined) => {
      next = outcome;
    },
  };
}

describe('a probe', () => {
  test('runs soon after the start, and reports its first result', async () => {
    const { changes } = running();
    await vi.advanceTimersByTimeAsync(250);
    expect(changes).toEqual([{ up: true, value: undefined, detail: 'exit status 0' }]);
  });

  test('reports changes and nothing else', async () => {
    const { changes, answer, runner } = running({ fall: 2 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(changes).toHaveLength(1);
    answer(DOWN);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(changes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(changes.at(-1)).toEqual({ up: false, value: undefined, detail: 'exit status 1' });
    expect(runner.reading).toMatchObject({ failures: 2, overruns: 0, detail: 'exit status 1' });
  });

  test('repeats a failure while the target is up, then returns to its interval', async () => {
    const { changes, answer, runner } = running({ fall: 3, retryAfter: milliseconds(100) });
    await vi.advanceTimersByTimeAsync(5_000);
    const { runs } = runner.reading;
    answer(DOWN);
    await vi.advanceTimersByTimeAsync(1_000);
    await vi.advanceTimersByTimeAsync(200);
    expect(changes.at(-1)).toMatchObject({ up: false });
    expect(runner.reading.runs - runs).toBe(3);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(runner.reading.runs - runs).toBe(6);
  });

  test('that passes when it is repeated is next due after an interval', async () => {
    const { answer, runner } = running({ fall: 3, retryAfter: milliseconds(100) });
    await vi.advanceTimersByTimeAsync(500);
    answer(DOWN);
    await vi.advanceTimersToNextTimerAsync();
    answer(UP);
    const { runs } = runner.reading;
    await vi.advanceTimersByTimeAsync(100);
    expect(runner.reading.runs - runs).toBe(1);
    await vi.advanceTimersByTimeAsync(990);
    expect(runner.reading.runs - runs).toBe(1);
    await vi.advanceTimersByTimeAsync(20);
    expect(runner.reading.runs - runs).toBe(2);
  });

  test('that exceeds its timeout has failed, even if it never ends', async () => {
    const { changes, answer, runner } = running({ fall: 3 });
    await vi.advanceTimersByTimeAsync(500);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(changes.at(-1)).toMatchObject({ up: false, detail: 'still running' });
    expect(runner.reading).toMatchObject({ runs: 2, overruns: 3, failures: 4 });
  });

  test('FR-N9 that times out as often as it runs fails at each interval', async () => {
    const began = performance.now();
    const downAt: number[] = [];
    const run = (timeoutMs: number) =>
      new Promise<ProbeOutcome>((resolve) => {
        setTimeout(() => resolve(DOWN), timeoutMs);
      });
    let isFirst = true;
    const runner = new ProbeRunner(
      {
        run: async (timeoutMs) => {
          if (!isFirst) return run(timeoutMs);
          isFirst = false;
          return UP;
        },
        close: () => {},
      },
      {
        timing: { interval: seconds(2), timeout: seconds(2), rise: 2, fall: 3 },
        report: ({ up }) => {
          if (!up) downAt.push(performance.now() - began);
        },
        random: () => 0.5,
      },
    );
    runner.start();
    await vi.advanceTimersByTimeAsync(20_000);
    // The second run begins after the interval, 2 s; the third failure ends three timeouts later.
    expect(downAt).toHaveLength(1);
    expect(downAt[0]).toBeGreaterThanOrEqual(8_000);
    expect(downAt[0]).toBeLessThan(8_100);
    expect(runner.reading.overruns).toBe(0);
  });

  test('continues after such a run, whose late result does not count', async () => {
    const { changes, answer, ends } = running();
    await vi.advanceTimersByTimeAsync(500);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(changes.at(-1)?.up).toBe(false);
    ends[0]?.(UP);
    await vi.advanceTimersByTimeAsync(0);
    expect(changes.at(-1)?.up).toBe(false);
    answer(UP);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(changes.at(-1)?.up).toBe(true);
  });

  test('runs immediately on request, and once more if a run was active', async () => {
    const { answer, runner, ends } = running();
    await vi.advanceTimersByTimeAsync(250);
    answer(undefined);
    runner.checkNow();
    runner.checkNow();
    runner.checkNow();
    expect(runner.reading.runs).toBe(2);
    ends[0]?.(UP);
    await vi.advanceTimersByTimeAsync(0);
    expect(runner.reading.runs).toBe(3);
  });

  test('reports another number in a file', async () => {
    const { changes, answer } = running();
    answer({ passed: true, value: -5, detail: '-5' });
    await vi.advanceTimersByTimeAsync(250);
    answer({ passed: true, value: -7, detail: '-7' });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(changes.map(({ value }) => value)).toEqual([-5, -7]);
  });

  test('reports nothing after it was closed', async () => {
    const { changes, answer, runner, ends, close } = running();
    answer(undefined);
    await vi.advanceTimersByTimeAsync(250);
    runner.close();
    ends[0]?.(UP);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(changes).toEqual([]);
    expect(close).toHaveBeenCalledOnce();
  });
});

test('Many probes that start together are spread evenly over their interval', async () => {
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
        report: () => {},
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

describe('a probe that waits for a slot', () => {
  test('does not fail while it waits; its timeout begins with the run', async () => {
    const pool = new RunPool(1);
    const other = pool.enter(() => {}, false);
    const { changes, runner, answer, ends } = running({}, pool);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(changes).toEqual([]);
    expect(runner.reading).toMatchObject({ runs: 0, failures: 0, overruns: 10 });
    other.leave();
    await vi.advanceTimersByTimeAsync(290);
    ends[0]?.(UP);
    await vi.advanceTimersByTimeAsync(0);
    expect(changes).toEqual([{ up: true, value: undefined, detail: 'exit status 0' }]);
    expect(pool.running).toBe(0);
  });

  test('loses its slot when it hangs, and then takes one of those for slow runs', async () => {
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

  test('never runs if it was closed while it waited', async () => {
    const pool = new RunPool(1);
    const other = pool.enter(() => {}, false);
    const { runner } = running({}, pool);
    await vi.advanceTimersByTimeAsync(500);
    runner.close();
    other.leave();
    expect([runner.reading.runs, pool.running]).toEqual([0, 0]);
  });
});

describe('FR-O11 a probe', () => {
  const BLIND: ProbeOutcome = { passed: undefined, detail: 'this host could not look: EMFILE' };

  test('that could not look has no result: neither up nor down, at its start and later', async () => {
    const { changes, answer, runner } = running();
    answer(BLIND);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(changes).toEqual([]);
    answer(UP);
    await vi.advanceTimersByTimeAsync(1_000);
    answer(BLIND);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(changes).toEqual([{ up: true, value: undefined, detail: 'exit status 0' }]);
    expect(runner.reading).toMatchObject({ failures: 0, detail: BLIND.detail });
  });

  test('whose run fails or times out keeps its value while it counts as up', async () => {
    const { changes, answer } = running({ fall: 3 }, undefined, { up: true, value: 3 });
    answer({ passed: false, detail: 'not a number' });
    await vi.advanceTimersByTimeAsync(500);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(changes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(changes).toEqual([{ up: false, value: undefined, detail: 'still running' }]);
  });

  test('that could not look does not end a series of failures', async () => {
    const { changes, answer } = running({ fall: 2 });
    await vi.advanceTimersByTimeAsync(500);
    answer(DOWN);
    await vi.advanceTimersByTimeAsync(1_000);
    answer(BLIND);
    await vi.advanceTimersByTimeAsync(2_000);
    answer(DOWN);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(changes.at(-1)?.up).toBe(false);
  });

  test('whose process stood still beyond the timeout has no result', async () => {
    const { changes, answer, ends, runner } = running();
    await vi.advanceTimersByTimeAsync(500);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(600);
    // The clock runs, and nothing else does: the timers are served after it.
    vi.setSystemTime(Date.now() + 8_000);
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 8_000);
    ends[0]?.({ passed: false, detail: 'no answer in time' });
    await vi.advanceTimersByTimeAsync(0);
    vi.restoreAllMocks();
    expect(changes).toHaveLength(1);
    expect(runner.reading.detail).toContain('stood still');
  });
});

test('a probe that another process knew as up needs `fall` failures to be down', async () => {
  const { changes, answer } = running({ fall: 2 }, undefined, { up: true, value: undefined });
  answer(DOWN);
  await vi.advanceTimersByTimeAsync(500);
  expect(changes).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(changes).toEqual([{ up: false, value: undefined, detail: 'exit status 1' }]);
});
