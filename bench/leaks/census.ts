/** What a process holds, from proc(5), and whether it has grown in the course of a run. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { childrenOf } from '../../src/lab/run/process-limits.ts';
import { median } from '../harness/statistics.ts';
import { usageOf } from '../harness/usage.ts';

export interface Census {
  readonly descriptors: number;
  readonly sockets: number;
  readonly threads: number;
  /** Network namespaces of its threads. */
  readonly namespaces: number;
  readonly children: number;
  readonly zombies: number;
  readonly residentMegabytes: number;
}

export function censusOf(pid: number): Census {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => linkAt(`/proc/${pid}/fd/${fd}`));
  const threads = readdirSync(`/proc/${pid}/task`);
  const namespaces = threads.map((thread) => linkAt(`/proc/${pid}/task/${thread}/ns/net`));
  const children = childrenOf(pid);
  return {
    descriptors: links.length,
    sockets: links.filter((link) => link.startsWith('socket:')).length,
    threads: threads.length,
    namespaces: new Set(namespaces.filter((link) => link !== '')).size,
    children: children.length,
    zombies: children.filter((child) => stateOf(child) === 'Z').length,
    residentMegabytes: usageOf([pid]).residentBytes / 1_000_000,
  };
}

export interface Growth {
  readonly what: keyof Census;
  /** Of the second quarter of the run, and of the last. */
  readonly early: number;
  readonly late: number;
  readonly isFlat: boolean;
}

/** The heap is collected now and then, and its pages are returned late. */
const MEMORY_GROWTH_MEGABYTES = 16;

/** What has begun and not ended at a sample, such as a check, is no leak: the least of a quarter counts. */
export function growthOf(series: readonly Census[]): Growth[] {
  const quarter = Math.floor(series.length / 4);
  const [early, late] = [series.slice(quarter, 2 * quarter), series.slice(-quarter)];
  const counted = [
    'descriptors',
    'sockets',
    'threads',
    'namespaces',
    'children',
    'zombies',
  ] as const;
  const counts = counted.map((what): Growth => {
    const least = (part: readonly Census[]) => Math.min(...part.map((one) => one[what]));
    return { what, early: least(early), late: least(late), isFlat: least(late) <= least(early) };
  });
  const what = 'residentMegabytes';
  const middle = (part: readonly Census[]) => median(part.map((one) => one[what])) ?? Number.NaN;
  const isFlat = middle(late) - middle(early) <= MEMORY_GROWTH_MEGABYTES;
  return [...counts, { what, early: middle(early), late: middle(late), isFlat }];
}

/** Empty if it has been closed meanwhile. */
function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function stateOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2)[0] ?? '';
  } catch {
    return '';
  }
}
