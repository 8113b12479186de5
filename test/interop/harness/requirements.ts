/**
 * What a suite needs on the host. If something is missing, the suite fails in CI; elsewhere it is
 * skipped with a message.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const DAEMON_FOLDERS = ['/usr/sbin', '/sbin', '/usr/lib/frr'];

export function missingPrograms(programs: readonly string[]): string[] {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...DAEMON_FOLDERS];
  return programs.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
}

/** For `describe.skipIf(lacks(...))`. */
export function lacks(...programs: string[]): boolean {
  const missing = missingPrograms(['ip', 'nft', 'tcpdump', ...programs]).map(
    (name) => `${name} is not installed`,
  );
  if (process.getuid?.() !== 0) missing.push('not root');
  if (missing.length === 0) return false;
  const reason = missing.join(', ');
  if (process.env['CI'] === 'true') throw new Error(`cannot run here: ${reason}`);
  console.warn(`SKIPPED: ${reason}`);
  return true;
}
