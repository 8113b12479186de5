/** Building blocks of the schema, with error messages that say what to write. */
import * as z from 'zod';
import { DURATION_PATTERN } from '../duration.ts';
import { describeValue } from '../finding.ts';

/** Rejects unknown keys. */
export function mapping<Shape extends z.ZodRawShape>(shape: Shape, description: string) {
  return z.strictObject(shape).meta({ description });
}

export function wholeNumber(minimum: number, maximum: number) {
  return z
    .int({ error: ({ input }) => numberMessage(minimum, maximum, input) })
    .min(minimum, { error: ({ input }) => numberMessage(minimum, maximum, input) })
    .max(maximum, { error: ({ input }) => numberMessage(minimum, maximum, input) });
}

/** @param form what the text must be; completes the message "expected ...". */
export function pattern(expression: RegExp, form: string) {
  return z
    .string({ error: ({ input }) => expected(form, input) })
    .regex(expression, { error: ({ input }) => expected(form, input) });
}

export function choice<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words);
}

export function absolutePath(maximum: number) {
  return pattern(/^\/[ -~\u00a0-\uffff]*$/, 'an absolute path').max(maximum, {
    error: `must not be longer than ${maximum} characters`,
  });
}

export function duration() {
  return z
    .string({ error: ({ input }) => durationMessage(input) })
    .regex(DURATION_PATTERN, { error: ({ input }) => durationMessage(input) });
}

export function interfaceName() {
  // dev_valid_name() of the kernel: IFNAMSIZ - 1 bytes, no slash, colon or white space.
  return pattern(/^(?!\.{1,2}$)[!-.0-9;-~]{1,15}$/, 'an interface name of 1 to 15 characters');
}

function numberMessage(minimum: number, maximum: number, input: unknown): string | undefined {
  if (input === undefined) return undefined;
  return expected(`a whole number from ${minimum} to ${maximum}`, input);
}

function expected(form: string, input: unknown): string | undefined {
  return input === undefined ? undefined : `expected ${form}, found ${describeValue(input)}`;
}

function durationMessage(input: unknown): string | undefined {
  if (input === undefined) return undefined;
  // String() would call the `toString` that a mapping of the file may define.
  const text = typeof input === 'object' ? '' : String(input);
  const bare = /^[0-9]{1,7}(\.[0-9]{1,6})?$/.exec(text)?.[0];
  if (bare !== undefined) return `a duration needs a unit: write ${bare}s or ${bare}ms`;
  return `expected a duration with a unit (ms, s, m, h), like 10ms or 1.5s, found ${describeValue(input)}`;
}
