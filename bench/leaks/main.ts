/**
 * `npm run leaks -- [--transitions N] [--checks N]`: what agent and checker hold over many transitions and
 * many checks, in network namespaces of this host. Exits with 1 if something has grown.
 */
import { parseArgs } from 'node:util';
import { tearDownLive } from '../harness/live-labs.ts';
import { VRIDS_MAX } from '../harness/routers.ts';
import { growthOf } from './census.ts';
import { runChecks } from './checks.ts';
import { type LeakRun, runTransitions } from './transitions.ts';

const OBJECTS = 400;

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** True if nothing has grown. */
function print(what: string, { done, seconds, series }: LeakRun): boolean {
  process.stdout.write(`${done} ${what} in ${seconds.toFixed(0)} s\n`);
  let isFlat = true;
  for (const [name, samples] of Object.entries(series)) {
    for (const one of growthOf(samples)) {
      isFlat &&= one.isFlat;
      const [early, late] = [one.early, one.late].map((value) => Math.round(value * 10) / 10);
      const verdict = one.isFlat ? 'flat' : 'GROWS';
      process.stdout.write(`  ${name}: ${one.what} ${early} → ${late}: ${verdict}\n`);
    }
  }
  return isFlat;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      transitions: { type: 'string', default: '100000' },
      checks: { type: 'string', default: '1000000' },
    },
  });
  const [transitions, checks] = [Number(values.transitions), Number(values.checks)];
  let isFlat = true;
  if (transitions > 0) {
    const run = await runTransitions({ transitions, routers: VRIDS_MAX, log });
    isFlat = print('transitions', run) && isFlat;
  }
  if (checks > 0) {
    isFlat = print('checks', await runChecks({ checks, objects: OBJECTS, log })) && isFlat;
  }
  return isFlat;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void tearDownLive().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  });
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} finally {
  await tearDownLive();
}
