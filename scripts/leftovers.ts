/** Finds what a test run left behind: namespaces, and processes with its mark. */
import { readdirSync, readFileSync } from 'node:fs';
import { run } from '../src/lab/command.ts';

/** Set in the environment of every process of a run, and so of their children. */
export const RUN_VARIABLE = 'VRRP_AGENT_TEST_RUN';

/**
 * Network namespaces of this run only: `scripts/test` gives each run its own /run/netns. Without root
 * there are none.
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

/** Empty if the process has ended, or if this user may not read it. */
function contents(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
