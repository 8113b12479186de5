/** A secret of one line that is in a file of its own, or in a credential of systemd. */
import type { Findings, Path } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';

const LENGTH_MAX = 512;

/** `file:/path` or `credential:name`, as the schema has them. */
export function isSecretReference(text: string): boolean {
  return /^(file:\/|credential:)/.test(text);
}

/** Undefined: this host was not asked, or the file is an error. `what` is the word for it. */
export function lowerSecretLine(
  reference: string,
  what: string,
  path: Path,
  { readText }: HostFacts,
  findings: Findings,
): string | undefined {
  const read = readText?.(reference, 'secret');
  if (read === undefined) return undefined;
  if ('problem' in read) {
    findings.error(path, 'unavailable', read.problem);
    return undefined;
  }
  const { text } = read;
  if (text !== '' && text.length <= LENGTH_MAX && !/\p{Cc}/u.test(text)) return text;
  findings.error(path, 'unavailable', `the file has no ${what}: expected one line of text`);
  return undefined;
}
