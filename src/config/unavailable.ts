/**
 * Keys of the schema whose function is not in this version. Each line is what would otherwise be
 * accepted and silently do nothing, which is worse than a refusal.
 */
import type { Findings, Path } from './finding.ts';

interface Unavailable {
  readonly key: string;
  readonly applies: (value: unknown) => boolean;
  readonly subject: string;
}

const INSTANCE: readonly Unavailable[] = [
  { key: 'version', applies: is('2+3'), subject: 'running version 2 and 3 at once' },
  { key: 'accept', applies: is(false), subject: '"accept: false"' },
];

/** For an instance, or for `defaults`. */
export function reportUnavailableInstanceKeys(keys: object, path: Path, findings: Findings): void {
  report(INSTANCE, keys, path, findings);
}

function report(table: readonly Unavailable[], values: object, path: Path, findings: Findings) {
  const entries: Readonly<Record<string, unknown>> = { ...values };
  for (const { key, applies, subject } of table) {
    const value = entries[key];
    if (value === undefined || !applies(value)) continue;
    findings.error([...path, key], 'unavailable', `${subject} is not available in this version`);
  }
}

function is(refused: unknown): (value: unknown) => boolean {
  return (value) => value === refused;
}
