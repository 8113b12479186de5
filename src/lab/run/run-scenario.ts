/** One run of a scenario, from no lab to no lab. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { ControlClient } from '../../control/client.ts';
import { REFUSAL_COUNTERS } from '../../protocol/engine/intake-reasons.ts';
import { LabError } from '../command.ts';
import type { RunRecord } from '../judge/record.ts';
import type { Seen } from '../judge/seen.ts';
import { summarize } from '../judge/summary.ts';
import { AgentPeer } from '../peers/vrrp-agent.ts';
import type { Scenario, ScenarioNode, ScenarioStep } from '../scenario/scenario.ts';
import { sleep, waitFor } from '../wait.ts';
import { wallClock } from '../wall-clock.ts';
import { AddressMonitor } from './address-monitor.ts';
import { type Client, startClients } from './client.ts';
import type { Director } from './director.ts';
import { type Labs, labPrefix } from './labs.ts';
import { hasNetem, Stage } from './stage.ts';
import { SwitchCapture } from './switch-capture.ts';
import { performSteps } from './timeline.ts';

export interface RunOptions {
  /** The lab goes on; its prefix is told. */
  readonly keep?: (prefix: string) => void;
  /** Where the capture goes. */
  readonly pcapFile?: string;
  readonly tell?: (news: RunNews) => void;
  /**
   * Nobody listens to what agents say of their states, which costs them something: the wire tells
   * them, as of other programs.
   */
  readonly unheard?: boolean;
}

export type RunNews =
  | { readonly kind: 'settled'; readonly afterMicroseconds: number }
  | { readonly kind: 'unsettled' }
  | { readonly kind: 'step'; readonly step: ScenarioStep };

/** For the last answers, and for the kernel to hand the capture its frames. */
const AFTERMATH_MILLISECONDS = 120;

export const NO_NETEM = 'this kernel has no netem (sch_netem): frames cannot be delayed';

export function delaysFrames({ steps }: Scenario): boolean {
  return steps.some(({ action }) => action.kind === 'delay');
}

export async function runScenario(
  scenario: Scenario,
  labs: Labs,
  options: RunOptions = {},
): Promise<RunRecord> {
  if (delaysFrames(scenario) && !(await hasNetem())) {
    throw new LabError('command-missing', `${scenario.name}: ${NO_NETEM}`);
  }
  const began = wallClock();
  const { nodes, hasPeerNetwork } = scenario;
  const lab = await labs.up({
    prefix: labPrefix(),
    directors: nodes.length,
    peerNetwork: hasPeerNetwork,
    clients: scenario.clients.length,
  });
  let isKept = false;
  try {
    for (const client of lab.clients) await lab.reachOnLink(client, scenario.watched.address);
    const seen = await play(new Stage(lab, scenario, options.unheard), began, options);
    if (options.pcapFile !== undefined) {
      mkdirSync(dirname(options.pcapFile), { recursive: true });
      copyFileSync(seen.captureFile, options.pcapFile);
    }
    isKept = options.keep !== undefined;
    const ending = wallClock();
    if (isKept) labs.forget(lab);
    else await labs.down(lab);
    options.keep?.(lab.layout.prefix);
    return summarize(scenario, { ...seen, tearDown: isKept ? 0 : wallClock() - ending });
  } finally {
    if (!isKept) await labs.down(lab);
  }
}

async function play(stage: Stage, began: number, options: RunOptions): Promise<Seen> {
  const { lab, scenario, directors, follower } = stage;
  const [capture, ...monitors] = await Promise.all([
    SwitchCapture.start(lab),
    ...directors.map(({ host }) => AddressMonitor.start(lab, host)),
    ...directors.map((director) => director.startService().then(() => undefined)),
  ]);
  const watching = monitors.flatMap((one) => one ?? []);
  const prepared = wallClock();
  const start = (when: ScenarioNode['starts']) =>
    Promise.all(directors.map((one) => (one.node.starts === when ? one.start() : undefined)));
  let settledAfter: number | null = 0;
  let clients: Client[];
  let starting: Promise<unknown> | undefined;
  if (scenario.settle === 0) {
    clients = await startClients(lab, scenario, false);
    starting = start('first').then(() => start('after'));
  } else {
    const begin = wallClock();
    await start('first');
    settledAfter = await settle(stage, watching, begin);
    await start('after');
    if (options.unheard !== true) await waitFor('agents that have begun', () => hasBegun(stage));
    clients = await startClients(lab, scenario, true);
  }
  const zero = wallClock();
  options.tell?.(
    settledAfter === null
      ? { kind: 'unsettled' }
      : { kind: 'settled', afterMicroseconds: settledAfter },
  );
  const { steps, clock } = await performSteps(stage, zero, (step) =>
    options.tell?.({ kind: 'step', step }),
  );
  await starting;
  const end = zero + clock.end;
  const discarded = await discardsOf(stage);
  if (options.unheard !== true) await lastWords(stage);
  await sleep(AFTERMATH_MILLISECONDS);
  const [records, { frames, lost }] = await Promise.all([
    Promise.all(clients.map(async (one) => [one.name, await one.stop()] as const)),
    capture.stop(),
  ]);
  return {
    zero,
    end,
    startedAt: began,
    setUp: prepared - began,
    settledAfter,
    steps,
    clock,
    clients: new Map(records),
    frames,
    framesLost: lost,
    captureFile: capture.file,
    discarded,
    lives: new Map(directors.map(({ node, lives }) => [node.name, lives])),
    addresses: new Map(watching.map((one) => [one.host.name, one.changes()])),
    states: follower.changes,
    isUnheard: options.unheard === true,
  };
}

/** An agent answers before its protocol thread has looked at the network. */
function hasBegun({ directors, follower }: Stage): boolean {
  return directors.every(
    ({ node, life }) =>
      node.agent !== 'vrrp-agent' ||
      life !== 'runs' ||
      follower.changes.some((change) => change.node === node.name),
  );
}

/** Of 255 instances that changed at once the news may still be on its way. */
async function lastWords({ directors, follower }: Stage): Promise<void> {
  await Promise.all(
    directors.map(async ({ node, socket }) => {
      if (socket === undefined) return;
      const asked = await new ControlClient({ socket }).status().catch(() => undefined);
      if (asked === undefined) return;
      const heard = () => follower.hasHeardOf(node.name, asked.instances);
      await waitFor(`the events of ${node.name}`, heard).catch(() => undefined);
    }),
  );
}

/** Null: not in the time given. */
async function settle(
  { scenario, directors }: Stage,
  monitors: readonly AddressMonitor[],
  starting: number,
): Promise<number | null> {
  const { settle: patience, watched } = scenario;
  if (patience === 0) return 0;
  const wanted = firstMaster(scenario);
  const holds = (director: Director) => {
    if (director.node.agent === 'frr') return director.isMaster();
    const monitor = monitors.find(({ host }) => host === director.host);
    const changes = monitor?.changes() ?? [];
    return changes.findLast(({ address }) => address === watched.address)?.isPresent === true;
  };
  for (;;) {
    const held = await Promise.all(directors.map(holds));
    const holders = directors.filter((_, at) => held[at]).map(({ node }) => node.name);
    if (holders.length === 1 && (wanted === undefined || holders[0] === wanted)) {
      return wallClock() - starting;
    }
    if (wallClock() - starting > patience) return null;
    await sleep(5);
  }
}

/** Who has to be MASTER when everybody hears everybody; undefined: whoever was first. */
function firstMaster({ nodes }: Scenario): string | undefined {
  const running = nodes.filter(({ starts }) => starts === 'first');
  const highest = Math.max(...running.map(({ priority }) => priority));
  const best = running.filter(({ priority }) => priority === highest);
  const yields = running.every(({ instances }) => instances[0]?.preempt !== false);
  return best.length === 1 && yields ? best[0]?.name : undefined;
}

async function discardsOf({ directors }: Stage): Promise<number> {
  const counts = await Promise.all(
    directors.map(async ({ socket, peer }) => {
      if (socket === undefined || !(peer instanceof AgentPeer)) return 0;
      try {
        const status = await new ControlClient({ socket, timeoutMs: 5_000 }).status();
        const rows = [status.counters, ...status.instances.map(({ counters }) => counters)];
        return rows.reduce(
          (sum, row) => sum + REFUSAL_COUNTERS.reduce((part, name) => part + row[name], 0),
          0,
        );
      } catch {
        return 0;
      }
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
