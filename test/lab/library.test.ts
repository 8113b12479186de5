/** The scenarios of the library hold with vrrp-agent on this kernel. */
import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../src/lab/judge/record.ts';
import { Labs } from '../../src/lab/run/labs.ts';
import { delaysFrames, NO_NETEM, runScenario } from '../../src/lab/run/run-scenario.ts';
import { hasNetem } from '../../src/lab/run/testbed.ts';
import { loadScenarioFile } from '../../src/lab/scenario/load.ts';
import { lacks } from '../interop/harness/requirements.ts';

const FOLDER = new URL('../../config/scenarios/', import.meta.url);

function failuresOf({ verdicts }: RunRecord): string[] {
  return verdicts
    .filter(({ holds }) => !holds)
    .map(({ expectation, seen }) => `${expectation}: ${seen}`);
}

const TIMEOUT = 100_000;

describe.skipIf(lacks())('the library of scenarios', () => {
  const labs = new Labs();
  afterAll(() => labs.downAll());

  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
  test.each(files)('%s', { timeout: TIMEOUT }, async (file) => {
    const loaded = loadScenarioFile(new URL(file, FOLDER).pathname);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const scenario = loaded.value;
    if (delaysFrames(scenario) && !(await hasNetem())) {
      // Without netem the lab must say so; docs/lab.md shows how to run the scenario elsewhere.
      await expect(runScenario(scenario, labs)).rejects.toThrow(NO_NETEM);
      return;
    }
    const record = await runScenario(scenario, labs);
    expect(failuresOf(record)).toEqual([]);
  });
});
