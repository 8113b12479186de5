/** The limit of open files of running processes, by prlimit(1). */
import { readdirSync, readFileSync } from 'node:fs';
import { run } from '../command.ts';

/** Of the process and its children. `none`: the next open(2) fails with EMFILE. */
export async function limitDescriptors(pid: number, spare: 'none' | 'many'): Promise<void> {
  for (const one of [pid, ...childrenOf(pid)]) {
    const limit = spare === 'none' ? `${firstFree(one)}:` : await hardLimit(one);
    await run('prlimit', ['--pid', String(one), `--nofile=${limit}`]);
  }
}

async function hardLimit(pid: number): Promise<string> {
  const limits = ['--nofile', '--raw', '--noheadings', '--output', 'HARD'];
  const text = await run('prlimit', ['--pid', String(pid), ...limits]);
  return `${text.trim()}:`;
}

/** open(2) returns the lowest number that is not in use. */
function firstFree(pid: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let number = 0;
  while (used.has(number)) number++;
  return number;
}

/** A child that has just ended is left out. */
export function childrenOf(pid: number): number[] {
  const children = new Set<number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1');
    for (const child of text.split(' ').filter(Boolean)) children.add(Number(child));
  }
  return [...children];
}
