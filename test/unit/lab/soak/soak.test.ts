import { describe, expect, test } from 'vitest';
import type { RunRecord } from '../../../../src/lab/judge/record.ts';
import { provesNothing, type SoakResult, soak } from '../../../../src/lab/soak/soak.ts';

/** What the soak reads of a run. */
function recordOf(seen: string | undefined, standstill: number): RunRecord {
  const verdicts = seen === undefined ? [] : [{ expectation: 'x', why: 'x', holds: false, seen }];
  const numbers = { outage: 0, dual: 0 };
  const resolution = { median: 10_000, p99: 10_000, max: standstill };
  return { steps: [], numbers, resolution, verdicts } as unknown as RunRecord;
}

const KEEPS_UP = 20_000;
const STANDS_STILL = 200_000;

/** Runs one seed, whose runs are these records, the last one again and again. */
async function soaked(...records: readonly RunRecord[]) {
  const lines: string[] = [];
  let runs = 0;
  const options = { minutes: 0.002, seed: 7, directors: 2, bound: 3_000_000 } as const;
  const onProgress = (line: string) => lines.push(line);
  const result = await soak(
    { ...options, agent: 'vrrp-agent', hasWitness: false, onProgress },
    async () => {
      // Longer than the soak lasts.
      if (runs === 0) await new Promise((resolve) => setTimeout(resolve, 150));
      return records[Math.min(runs++, records.length - 1)] ?? recordOf(undefined, KEEPS_UP);
    },
  );
  return { result, runs, lines };
}

describe('a lab that fails while the host stands still', () => {
  test('is repeated, and a fault of the agent is found', async () => {
    const { result } = await soaked(
      recordOf('two owners', STANDS_STILL),
      recordOf('two owners', KEEPS_UP),
    );
    expect(result.violation?.seen).toBe('two owners');
    expect(result.unjudged).toBe(0);
  });

  test('counts as judged if a repetition holds', async () => {
    const { result, runs } = await soaked(
      recordOf('two owners', STANDS_STILL),
      recordOf(undefined, STANDS_STILL),
    );
    expect(runs).toBe(2);
    expect(result).toMatchObject({ seeds: 1, unjudged: 0, violation: undefined });
    expect(provesNothing(result)).toBe(false);
  });

  test('is named, and proves nothing, if each repetition stands still', async () => {
    const { result, runs, lines } = await soaked(recordOf('two owners', STANDS_STILL));
    expect(runs).toBe(3);
    expect(result).toMatchObject({ seeds: 1, unjudged: 1, violation: undefined });
    expect(result.unjudged_labs).toEqual([
      { seed: 7, seen: 'two owners', standstill: STANDS_STILL },
    ]);
    expect(provesNothing(result)).toBe(true);
    expect(lines.at(-1)).toContain('not judged: the host stood still for 200 ms');
  });
});

test('a run that fails while the host keeps up is a violation at once', async () => {
  const { result, lines } = await soaked(recordOf('two owners', KEEPS_UP));
  expect(result.violation?.seed).toBe(7);
  expect(lines[1]).toContain('fewest disturbances');
});

test('a shorter plan that fails while the host stands still is not the shortest', async () => {
  const { result } = await soaked(
    recordOf('two owners', KEEPS_UP),
    recordOf('two owners', STANDS_STILL),
  );
  expect(result.violation?.disturbances).toBeGreaterThan(1);
});

test.each([
  [3, 1, false],
  [3, 2, true],
  [1, 1, true],
  [0, 0, false],
])('of %i labs %i not judged', (seeds, unjudged, nothing) => {
  expect(provesNothing({ seeds, unjudged } as SoakResult)).toBe(nothing);
});
