import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as configReference from '../../../scripts/generators/config-reference.ts';
import * as configSchema from '../../../scripts/generators/config-schema.ts';
import * as scenarioSchema from '../../../scripts/generators/scenario-schema.ts';

describe.each([configSchema, configReference, scenarioSchema])('$path', ({ path, generate }) => {
  test('is what `npm run gen` makes of the schema now', () => {
    const text = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
    expect(text).toBe(generate());
  });
});

test.each([
  ['the configuration', configSchema.configJsonSchema()],
  ['a scenario', scenarioSchema.scenarioJsonSchema()],
])('every key of %s has a description for editors to show', (_, schema) => {
  const bare: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      if (key === 'properties') {
        for (const [name, property] of Object.entries(child as Record<string, object>)) {
          if (!('description' in property)) bare.push(`${path}.${name}`);
        }
      }
      visit(child, key === 'properties' ? path : `${path}.${key}`);
    }
  };
  visit(schema, '');
  expect(bare).toEqual([]);
});
