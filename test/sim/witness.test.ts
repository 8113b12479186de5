import { describe, expect, test } from 'vitest';
import type { Run } from './scenarios/run.ts';
import { runWitness } from './scenarios/witness.ts';

/** `SEED=n npx vitest run test/sim/witness.test.ts` repeats one run, with its trace. */
const SEED = process.env['SEED'];

/** Seeds run in blocks. */
const RUNS = Number(process.env['SIM_RUNS'] ?? 60);
const RUNS_IN_A_BLOCK = 20;
const BLOCKS = Math.ceil(RUNS / RUNS_IN_A_BLOCK);

function describeFailure({ seed, failure }: Run): string {
  const { trace } = runWitness(seed, true);
  return `SEED=${seed}\n${failure}\n${trace.slice(-200).join('\n')}`;
}

describe.skipIf(SEED !== undefined)('with a witness, all rules hold, whatever the faults', () => {
  test.each(Array.from({ length: BLOCKS }, (_, block) => block * RUNS_IN_A_BLOCK))(
    'in the runs from seed %i on',
    (first) => {
      for (let seed = first; seed < first + RUNS_IN_A_BLOCK; seed++) {
        const result = runWitness(seed);
        if (result.failure !== undefined) expect.fail(describeFailure(result));
      }
    },
  );
});

test.skipIf(SEED === undefined)('a seed from the environment runs with its trace', () => {
  const { failure, trace } = runWitness(Number(SEED), true);
  console.log(trace.join('\n'));
  expect(failure).toBeUndefined();
});
