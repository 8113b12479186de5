/** Holds plain values against the schema and says what does not fit in words for operators. */
import * as z from 'zod';
import type { FindingCode, Findings, Path } from './finding.ts';
import type { InstanceValues } from './inherit.ts';
import { didYouMean } from './nearest.ts';
import { type ConfigFile, configFile } from './schema.ts';
import { describeValue } from './value-text.ts';

type Issue = z.core.$ZodIssue;

/** A file of which any part may be missing, because it was wrong and has been reported. */
export type DraftFile = Omit<Partial<ConfigFile>, 'instances'> & {
  readonly instances?: readonly (InstanceValues | undefined)[];
};

/** Reports what does not fit, and returns what does: it can still be checked for its meaning. */
export function checkShape(value: unknown, findings: Findings): DraftFile {
  const result = configFile.safeParse(value, { reportInput: true, error: messageOf });
  if (result.success) return result.data;
  const broken: Path[] = [];
  for (const issue of result.error.issues) reportIssue(issue, [], findings, broken);
  return without(value, broken);
}

function reportIssue(issue: Issue, base: Path, findings: Findings, broken: Path[]): void {
  const path = [...base, ...(issue.path as (string | number)[])];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(configFile, path);
    for (const key of issue.keys) {
      const message = `unknown key "${key.slice(0, 60)}"${didYouMean(key, known)}`;
      findings.error([...path, key], 'unknown-key', message, 'key');
      // Of use to nobody, and in `defaults` it could pass for a key of the instances.
      if (path[0] === 'defaults' && path.length === 1) broken.push([...path, key]);
    }
    return;
  }
  const alternative = issue.code === 'invalid_union' ? likelyAlternative(issue.errors) : undefined;
  if (alternative !== undefined) {
    for (const nested of alternative) reportIssue(nested, path, findings, broken);
    return;
  }
  broken.push(path);
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  const code: FindingCode = missing ? 'missing' : issue.code.startsWith('too_') ? 'range' : 'type';
  findings.error(path, code, issue.message);
}

/** The alternative of a union whose outer type fits: its own complaints say more. */
function likelyAlternative(alternatives: readonly Issue[][]): readonly Issue[] | undefined {
  return alternatives.find(
    (issues) =>
      issues.length > 0 &&
      issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  );
}

/** Messages for what the schema has no words of its own for. */
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

/** The keys a mapping at the path may have. */
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

/**
 * A copy without what lies at the paths: the key of the file, of `defaults` or of the instance
 * that holds it goes as a whole, so that what is left has its full shape. Lists of addresses keep
 * their other entries, in their places.
 */
function without(value: unknown, broken: readonly Path[]): DraftFile {
  if (!isMapping(value)) return {};
  const instances = Array.isArray(value['instances'])
    ? value['instances'].map((item: unknown) => (isMapping(item) ? { ...item } : undefined))
    : undefined;
  const defaults = isMapping(value['defaults']) ? { ...value['defaults'] } : undefined;
  const draft: Record<string, unknown> = { ...value, instances, defaults };
  for (const [top, second, third, fourth] of broken) {
    const key = String(top);
    if (key === 'defaults' && defaults !== undefined && second !== undefined) {
      delete defaults[String(second)];
    } else if (key === 'instances' && instances !== undefined && second !== undefined) {
      const instance = instances[Number(second)];
      if (instance !== undefined && third !== undefined) dropKey(instance, String(third), fourth);
    } else {
      delete draft[key];
    }
  }
  return draft as DraftFile;
}

function dropKey(
  instance: Record<string, unknown>,
  key: string,
  position: string | number | undefined,
): void {
  const list = instance[key];
  if (key.endsWith('addresses') && Array.isArray(list) && typeof position === 'number') {
    instance[key] = list.with(position, undefined);
  } else {
    delete instance[key];
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
