/** A small version of `npm run leaks`: descriptors, sockets, threads, namespaces and children stay. */
import { afterAll, describe, expect, test } from 'vitest';
import { tearDownLive } from '../../bench/harness/live-labs.ts';
import { growthOf } from '../../bench/leaks/census.ts';
import { runChecks } from '../../bench/leaks/checks.ts';
import { type LeakRun, runTransitions } from '../../bench/leaks/transitions.ts';
import { lacks } from '../interop/harness/requirements.ts';

const TIMEOUT = 100_000;
const log = () => undefined;

/** Memory needs a longer run: the heap grows while the program warms up. */
function grown({ series }: LeakRun) {
  return Object.values(series)
    .flatMap(growthOf)
    .filter(({ what, isFlat }) => !isFlat && what !== 'residentMegabytes');
}

describe.skipIf(lacks())('nothing is left behind', () => {
  afterAll(tearDownLive);

  test('by 1,000 transitions', { timeout: TIMEOUT }, async () => {
    const run = await runTransitions({ transitions: 1_000, routers: 20, log });
    expect(run.done).toBeGreaterThanOrEqual(1_000);
    expect(run.series['MASTER']?.length).toBeGreaterThanOrEqual(8);
    expect(grown(run)).toEqual([]);
  });

  test('by 10,000 checks', { timeout: TIMEOUT }, async () => {
    const run = await runChecks({ checks: 10_000, objects: 100, log });
    expect(run.series['checker']?.length).toBeGreaterThanOrEqual(8);
    expect(grown(run)).toEqual([]);
  });
});
