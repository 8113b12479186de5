import { describe, expect, test } from 'vitest';
import type { Run } from './scenarios/run.ts';
import { runTwoNetworks } from './scenarios/two-networks.ts';

/** `SEED=n npx vitest run test/sim/two-networks.test.ts` repeats one run, with its trace. */
const SEED = process.env['SEED'];

/** Seeds run in blocks. */
const RUNS = Number(process.env['SIM_RUNS'] ?? 80);
const RUNS_IN_A_BLOCK = 20;
const BLOCKS = Math.ceil(RUNS / RUNS_IN_A_BLOCK);

function describeFailure({ seed, failure }: Run): string {
  const { trace } = runTwoNetworks(seed, true);
  return `SEED=${seed}\n${failure}\n${trace.slice(-200).join('\n')}`;
}

describe.skipIf(SEED !== undefined)(
  'with two networks, all rules hold, whatever the faults',
  () => {
    test.each(Array.from({ length: BLOCKS }, (_, block) => block * RUNS_IN_A_BLOCK))(
      'in the runs from seed %i on',
      (first) => {
        for (let seed = first; seed < first + RUNS_IN_A_BLOCK; seed++) {
          const result = runTwoNetworks(seed);
          if (result.failure !== undefined) expect.fail(describeFailure(result));
        }
      },
    );
  },
);

test.skipIf(SEED === undefined)('a seed from the environment runs with its trace', () => {
  const { failure, trace } = runTwoNetworks(Number(SEED), true);
  console.log(trace.join('\n'));
  expect(failure).toBeUndefined();
});
