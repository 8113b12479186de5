/** CPU time and memory of the processes on a director, from proc(5). */
import { readdirSync, readFileSync } from 'node:fs';
import { run } from '../../src/lab/command.ts';
import type { LabHost } from '../../src/lab/topology/layout.ts';

export interface Usage {
  /** CPU time of all threads: the first field of schedstat. */
  readonly cpuNanoseconds: number;
  readonly residentBytes: number;
}

/** The processes of the measured program, without the bench's own captures. */
export async function programPids(host: LabHost): Promise<number[]> {
  const list = await run('ip', ['netns', 'pids', host.namespace]);
  const pids = list.split('\n').filter(Boolean).map(Number);
  return pids.filter((pid) => textOf(`/proc/${pid}/comm`).trim() !== 'tcpdump');
}

export function usageOf(pids: readonly number[]): Usage {
  return {
    cpuNanoseconds: pids.reduce((sum, pid) => sum + cpuOf(pid), 0),
    residentBytes: pids.reduce((sum, pid) => sum + residentOf(pid), 0),
  };
}

function cpuOf(pid: number): number {
  const threads = entriesOf(`/proc/${pid}/task`);
  return threads.reduce(
    (sum, thread) =>
      sum + Number(textOf(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0),
    0,
  );
}

function residentOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) * 1_024;
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Empty if the process has ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
