/** What the library says should happen does happen, with this agent, on this kernel. */
import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Labs } from '../../src/lab/run/labs.ts';
import { runScenario } from '../../src/lab/run/run-scenario.ts';
import { loadScenarioFile } from '../../src/lab/scenario/load.ts';
import { lacks } from '../interop/harness/requirements.ts';

const FOLDER = new URL('../../config/scenarios/', import.meta.url);

describe.skipIf(lacks())('the library of scenarios', () => {
  const labs = new Labs();
  afterAll(() => labs.downAll());

  test.each(readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')))('%s', async (file) => {
    const loaded = loadScenarioFile(new URL(file, FOLDER).pathname);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const record = await runScenario(loaded.value, labs);
    expect(record.verdicts.filter(({ holds }) => !holds)).toEqual([]);
    expect(record.resolution?.median).toBeLessThan(2_000);
  });
});
