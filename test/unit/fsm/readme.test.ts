import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generate, path } from '../../../scripts/generators/fsm-readme.ts';

/** A row that changes shows as a difference of this page, which is reviewed with the change. */
test('the table that people read is the table that the agent walks', () => {
  const page = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  expect(page).toBe(generate());
});
