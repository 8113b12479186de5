/**
 * Runs the simulator from many seeds: `npm run sim -- --seeds 10000 [--first N]`, or from one seed with
 * its trace: `npm run sim -- --seed N`. `--networks 2`: directors with a peer link; `--witness`: and with a
 * witness. Exits with 1 at the first broken rule.
 */
import { parseArgs } from 'node:util';
import { run as runOneNetwork } from '../test/sim/scenarios/random-faults.ts';
import { runTwoNetworks } from '../test/sim/scenarios/two-networks.ts';
import { runWitness } from '../test/sim/scenarios/witness.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '0' },
    seed: { type: 'string' },
    networks: { type: 'string', default: '1' },
    witness: { type: 'boolean', default: false },
    /** Continues after a failure. */
    all: { type: 'boolean', default: false },
  },
});

/** A run that is cut off has at least said how far it came. */
const PROGRESS_EVERY = 500;

const runOnSegments = values.networks === '2' ? runTwoNetworks : runOneNetwork;
const run = values.witness ? runWitness : runOnSegments;

function runOne(seed: number): void {
  const { failure, trace } = run(seed, true);
  console.log(trace.join('\n'));
  console.log(failure === undefined ? `seed ${seed}: all rules hold` : `seed ${seed}: ${failure}`);
  process.exitCode = failure === undefined ? 0 : 1;
}

function runMany(first: number, count: number): void {
  const startedAt = performance.now();
  for (let seed = first; seed < first + count; seed++) {
    const done = seed - first;
    if (done > 0 && done % PROGRESS_EVERY === 0) console.log(`${done} seeds, the next is ${seed}`);
    const { failure } = run(seed);
    if (failure === undefined) continue;
    console.log(`seed ${seed}: ${failure}`);
    process.exitCode = 1;
    if (!values.all) return;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(`${count} seeds in ${seconds.toFixed(1)} s`);
}

if (values.seed !== undefined) runOne(Number(values.seed));
else runMany(Number(values.first), Number(values.seeds));
