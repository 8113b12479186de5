/**
 * Two real agents whose routers change their state together, over and over: the cable of the MASTER is
 * pulled and plugged in again. Each VIP is added to the kernel and removed, each change reported.
 */
import type { LabHost } from '../../src/lab/topology/layout.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { agentClient, mastershipsOf } from '../harness/masterships.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { manyRouters } from '../harness/routers.ts';
import { type Census, censusOf } from './census.ts';

export interface LeakRun {
  readonly done: number;
  readonly seconds: number;
  /** By process. */
  readonly series: Readonly<Record<string, readonly Census[]>>;
}

interface TransitionOptions {
  readonly transitions: number;
  readonly routers: number;
  readonly log: (line: string) => void;
}

const INTERVAL_MILLISECONDS = 20;
const MOVES_WITHIN_MILLISECONDS = 60_000;
const LINES = 10;

export async function runTransitions(options: TransitionOptions): Promise<LeakRun> {
  const { transitions, routers, log } = options;
  const spec = { routers: manyRouters(routers), intervalMilliseconds: INTERVAL_MILLISECONDS };
  const series = { MASTER: [] as Census[], BACKUP: [] as Census[] };
  let done = 0;
  let seconds = 0;
  await withPair('vrrp-agent', spec, async (pair) => {
    const began = performance.now();
    const before = await changesOf(pair);
    let logged = 0;
    while (done < transitions) {
      await pair.lab.cut(pair.master);
      await masters(pair, pair.backup, routers);
      await pair.lab.restore(pair.master);
      await masters(pair, pair.master, routers);
      await masters(pair, pair.backup, 0);
      series.MASTER.push(censusOf(pidOf(pair, pair.master)));
      series.BACKUP.push(censusOf(pidOf(pair, pair.backup)));
      done = (await changesOf(pair)) - before;
      seconds = (performance.now() - began) / 1_000;
      if ((done * LINES) / transitions < logged + 1) continue;
      logged = Math.floor((done * LINES) / transitions);
      log(`${done} transitions in ${seconds.toFixed(0)} s, ${memoryOf(series)}`);
    }
  });
  return { done, seconds, series };
}

function memoryOf(series: Readonly<Record<string, readonly Census[]>>): string {
  return Object.entries(series)
    .map(([name, all]) => `${name} ${all.at(-1)?.residentMegabytes.toFixed(0)} MB`)
    .join(', ');
}

function pidOf(pair: Pair, host: LabHost): number {
  const { pid } = pair.peer(host);
  if (pid === undefined) throw new Error(`no agent runs on ${host.name}`);
  return pid;
}

async function masters(pair: Pair, host: LabHost, wanted: number): Promise<void> {
  const client = agentClient(pair, host);
  const isReached = async () => {
    const { instances } = await client.status();
    return instances.filter(({ state }) => state === 'MASTER').length === wanted;
  };
  await waitFor(`${wanted} MASTERs on ${host.name}`, isReached, {
    ...{ milliseconds: MOVES_WITHIN_MILLISECONDS, everyMilliseconds: 50 },
  });
}

/** A router that became MASTER has changed its state twice by the end of a round. */
async function changesOf(pair: Pair): Promise<number> {
  return 2 * (await mastershipsOf(pair));
}
