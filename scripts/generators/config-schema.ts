/** `config/schema.json`, for completion and checks in editors. */
import * as z from 'zod';
import { configFile } from '../../src/config/schema/schema.ts';
import { jsonText } from './json-text.ts';

export const path = 'config/schema.json';

export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configFile, { io: 'input', target: 'draft-7' });
}

export function generate(): string {
  return jsonText(configJsonSchema());
}
