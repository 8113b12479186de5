/** Checks a value against a schema and reports each mismatch, for operators, at its position. */
import * as z from 'zod';
import {
  describeValue,
  type FindingCode,
  type Findings,
  type Path,
  withoutUser,
} from '../finding.ts';
import { didYouMean } from '../text/nearest.ts';
import { mayBeSecret } from './secret-keys.ts';

type Issue = z.core.$ZodIssue;

export type Shaped<Value> =
  | { readonly fits: true; readonly value: Value }
  /** Paths of the invalid values, which have been reported. */
  | { readonly fits: false; readonly broken: readonly Path[] };

export function checkAgainst<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
  findings: Findings,
): Shaped<Value> {
  const result = schema.safeParse(value, { reportInput: true, error: messageOf });
  if (result.success) return { fits: true, value: result.data };
  const broken: Path[] = [];
  for (const issue of result.error.issues) reportIssue(schema, issue, [], findings, broken);
  return { fits: false, broken };
}

function reportIssue(
  schema: z.core.$ZodType,
  issue: Issue,
  base: Path,
  findings: Findings,
  broken: Path[],
): void {
  const path = [...base, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    for (const key of issue.keys) {
      // Without a space after the colon, YAML reads `secret:value` as one key.
      const shown = mayBeSecret(path) ? key.replace(/[\s:=].*/s, '...') : withoutUser(key);
      const message = `unknown key "${shown.slice(0, 60)}"${didYouMean(key, known)}`;
      findings.error([...path, key], 'unknown-key', message, 'key');
      // `name: x` in `defaults` would otherwise be merged into every instance.
      if (path[0] === 'defaults' && path.length === 1) broken.push([...path, key]);
    }
    return;
  }
  const alternative = issue.code === 'invalid_union' ? likelyAlternative(issue.errors) : undefined;
  if (alternative !== undefined) {
    for (const nested of alternative) reportIssue(schema, nested, path, findings, broken);
    return;
  }
  broken.push(path);
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  const code: FindingCode = missing ? 'missing' : issue.code.startsWith('too_') ? 'range' : 'type';
  const message = mayBeSecret(path) ? withoutValue(issue.message, issue.input) : issue.message;
  findings.error(path, code, message);
}

function withoutValue(message: string, value: unknown): string {
  const quoted = describeValue(value);
  return message.replaceAll(quoted, () =>
    typeof value === 'object' ? quoted : `a ${typeof value}`,
  );
}

/** The alternative of a union whose outer type fits: its errors are the more precise ones. */
function likelyAlternative(alternatives: readonly Issue[][]): readonly Issue[] | undefined {
  return alternatives.find(
    (issues) =>
      issues.length > 0 &&
      issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  );
}

/** The message of an issue for which the schema gives none. */
function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  if (issue.code === 'unrecognized_keys') return 'unknown key';
  if (input === undefined) {
    const key = issue.path?.at(-1);
    return key === undefined ? 'the file is empty' : `"${String(key)}" is missing`;
  }
  if (issue.code === 'invalid_value') {
    const words = issue.values.map(String);
    const meant = typeof input === 'string' ? didYouMean(input, words) : '';
    return `expected one of ${words.join(', ')}, found ${describeValue(input)}${meant}`;
  }
  if (issue.code === 'invalid_type') {
    const quotes =
      issue.expected === 'string' && typeof input === 'number' ? ': put it in quotes' : '';
    return `expected ${typeName(issue.expected)}, found ${describeValue(input)}${quotes}`;
  }
  return undefined;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

/** The keys that a mapping at the path may have. */
function knownKeys(schema: z.core.$ZodType, path: Path): string[] {
  if (schema instanceof z.ZodOptional) return knownKeys(schema.unwrap(), path);
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) => knownKeys(option, path));
  }
  const [step, ...rest] = path;
  if (schema instanceof z.ZodArray) return knownKeys(schema.element, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  if (step === undefined) return Object.keys(schema.shape);
  const child: z.core.$ZodType | undefined = schema.shape[step];
  return child === undefined ? [] : knownKeys(child, rest);
}
