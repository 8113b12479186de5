/** Keys by number, one of which signs: of the peer link and of virtual routers. Messages contain no part of a key. */
import type { Findings, Path } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import { hexKey, type SharedKey, type SharedKeys } from '../shared-keys.ts';

interface KeysFile {
  readonly keys: Readonly<Record<string, string>> | undefined;
  readonly activeKey: number | undefined;
  /** Of `keys`, `active_key` and an entry of `keys`; without a step: of what contains them. */
  readonly at: (...keys: string[]) => Path;
  /** What to say if there is no key. */
  readonly missing: string;
}

export function lowerSharedKeys(
  { keys = {}, activeKey: wanted, at, missing }: KeysFile,
  host: HostFacts,
  findings: Findings,
): SharedKeys {
  const entries = Object.entries(keys);
  if (entries.length === 0) findings.error(at(), 'missing', missing);
  const [only] = entries;
  const activeKey = wanted ?? (entries.length === 1 ? Number(only?.[0]) : 0);
  if (wanted === undefined && entries.length > 1) {
    findings.error(at('keys'), 'missing', '"active_key" is missing: the key that signs');
  } else if (entries.length > 0 && !entries.some(([id]) => Number(id) === activeKey)) {
    findings.error(at('active_key'), 'conflict', `"keys" has no key ${activeKey}`);
  }
  return {
    keys: entries.map(([id, reference]) =>
      lowerSharedKey(Number(id), reference, at('keys', id), host, findings),
    ),
    activeKey,
  };
}

export function lowerSharedKey(
  id: number,
  reference: string,
  path: Path,
  { readKey }: HostFacts,
  findings: Findings,
): SharedKey {
  const isHex = reference.startsWith('hex:');
  const read = isHex ? hexKey(reference.slice('hex:'.length)) : readKey?.(reference);
  if (read === undefined) return { id, reference, bytes: undefined };
  if ('problem' in read) {
    findings.error(path, isHex ? 'range' : 'unavailable', read.problem);
    return { id, reference, bytes: undefined };
  }
  return { id, reference, bytes: read };
}
