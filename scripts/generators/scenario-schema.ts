/** `config/scenarios/schema.json`, for completion and checks in editors. */
import * as z from 'zod';
import { scenarioFile } from '../../src/lab/scenario/schema.ts';
import { jsonText } from './json-text.ts';

export const path = 'config/scenarios/schema.json';

export function scenarioJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(scenarioFile, { io: 'input', target: 'draft-7' });
}

export function generate(): string {
  return jsonText(scenarioJsonSchema());
}
