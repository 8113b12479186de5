/** What a test run may leave behind: namespaces, and processes that carry its mark. */
import { readdirSync, readFileSync } from 'node:fs';
import { run } from '../src/lab/command.ts';

/** In the environment of every process of a run, and so of their children. */
export const RUN_VARIABLE = 'VRRP_AGENT_TEST_RUN';

/**
 * Network namespaces of this run and of no other: `scripts/test` gives each run its own /run/netns.
 * Only root can make one.
 */
export async function namespaces(): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const list = await run('ip', ['netns', 'list']);
  return list.split('\n').flatMap((line) => line.split(' ')[0] || []);
}

export function processesOfRun(mark: string): { pid: number; command: string }[] {
  const wanted = `${RUN_VARIABLE}=${mark}`;
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .filter((pid) => contents(`/proc/${pid}/environ`).split('\0').includes(wanted))
    .map((pid) => ({
      pid: Number(pid),
      command: contents(`/proc/${pid}/cmdline`).split('\0').join(' ').trim(),
    }));
}

/** Empty for a process that has ended meanwhile, or that this user may not read. */
function contents(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
