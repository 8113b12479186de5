import { describe, expect, test } from 'vitest';
import { run } from './scenarios/random-faults.ts';
import type { Run } from './scenarios/run.ts';

/** `SEED=n` repeats one run, with its trace. */
const SEED = process.env['SEED'];

/** Seeds run in blocks. */
const RUNS = Number(process.env['SIM_RUNS'] ?? 200);
const RUNS_IN_A_BLOCK = 20;
const BLOCKS = Math.ceil(RUNS / RUNS_IN_A_BLOCK);

function describeFailure({ seed, failure }: Run): string {
  const { trace } = run(seed, true);
  return `SEED=${seed}\n${failure}\n${trace.slice(-200).join('\n')}`;
}

describe.skipIf(SEED !== undefined)('all rules hold, whatever the faults', () => {
  test.each(Array.from({ length: BLOCKS }, (_, block) => block * RUNS_IN_A_BLOCK))(
    'in the runs from seed %i on',
    (first) => {
      for (let seed = first; seed < first + RUNS_IN_A_BLOCK; seed++) {
        const result = run(seed);
        if (result.failure !== undefined) expect.fail(describeFailure(result));
      }
    },
  );
});

describe('a seed', () => {
  test('gives the same run each time', () => {
    const first = run(1, true);
    expect(first.trace.length).toBeGreaterThan(20);
    expect(run(1, true)).toEqual(first);
  });

  if (SEED !== undefined) {
    test('from the environment runs with its trace', () => {
      const { failure, trace } = run(Number(SEED), true);
      console.log(trace.join('\n'));
      expect(failure).toBeUndefined();
    });
  }
});
