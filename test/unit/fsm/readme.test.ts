import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/**
 * A row that changes shows as a difference of this page, which is reviewed with the change. Imported
 * in the test: a table that cannot be read fails it, where a file that cannot be loaded has no tests.
 */
test('the table that people read is the table that the agent walks', async () => {
  const { generate, path } = await import('../../../scripts/generators/fsm-readme.ts');
  const page = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  expect(page).toBe(generate());
});
