/** One run of a scenario: sets up the lab, performs the steps, collects observations, tears down. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { ControlClient } from '../../control/client.ts';
import { REFUSAL_COUNTERS } from '../../protocol/engine/intake-reasons.ts';
import { LabError } from '../command.ts';
import type { Observations } from '../judge/observations.ts';
import type { RunRecord } from '../judge/record.ts';
import { summarize } from '../judge/summary.ts';
import { AgentPeer } from '../peers/vrrp-agent.ts';
import type { ScenarioNode } from '../scenario/inventory.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { ScenarioStep } from '../scenario/steps.ts';
import { sleep, waitFor, wallClock } from '../wait.ts';
import { AddressMonitor } from './address-monitor.ts';
import { type Client, startClients } from './client.ts';
import type { LabNode } from './lab-node.ts';
import { type Labs, labPrefix } from './labs.ts';
import { SwitchCapture } from './switch-capture.ts';
import { hasNetem, Testbed } from './testbed.ts';
import { performSteps } from './timeline.ts';

export interface ScenarioRunOptions {
  /** Keeps the lab after the run; called with its prefix. */
  readonly keep?: (prefix: string) => void;
  /** The capture is copied to this file. */
  readonly pcapFile?: string;
  readonly onProgress?: (progress: RunProgress) => void;
  /**
   * Agents are not followed through their API, which costs them some time: states come from the wire,
   * as for other programs.
   */
  readonly ignoreEvents?: boolean;
}

export type RunProgress =
  | { readonly kind: 'settled'; readonly afterMicroseconds: number }
  | { readonly kind: 'unsettled' }
  | { readonly kind: 'step'; readonly step: ScenarioStep };

/** Time for the last answers, and for the kernel to deliver frames to the capture. */
const DRAIN_MILLISECONDS = 120;

export const NO_NETEM = 'this kernel cannot delay frames: it has no netem (sch_netem)';

export function delaysFrames({ steps }: Scenario): boolean {
  return steps.some(({ action }) => action.kind === 'delay');
}

export async function runScenario(
  scenario: Scenario,
  labs: Labs,
  options: ScenarioRunOptions = {},
): Promise<RunRecord> {
  if (delaysFrames(scenario) && !(await hasNetem())) {
    throw new LabError('command-missing', `${scenario.name}: ${NO_NETEM}`);
  }
  const began = wallClock();
  const { nodes, hasPeerNetwork, hasGateway } = scenario;
  const lab = await labs.up({
    prefix: labPrefix(),
    directors: nodes.length,
    peerNetwork: hasPeerNetwork,
    gateway: hasGateway,
    clients: scenario.clients.length,
    witnesses: scenario.witness?.etcd ?? 0,
  });
  let isKept = false;
  try {
    for (const client of lab.clients) await lab.reachOnLink(client, scenario.watched.address);
    const testbed = new Testbed(lab, scenario, options.ignoreEvents);
    const observations = await observeRun(testbed, began, options);
    if (options.pcapFile !== undefined) {
      mkdirSync(dirname(options.pcapFile), { recursive: true });
      copyFileSync(observations.captureFile, options.pcapFile);
    }
    isKept = options.keep !== undefined;
    const ending = wallClock();
    if (isKept) labs.keep(lab);
    else await labs.down(lab);
    options.keep?.(lab.layout.prefix);
    return summarize(scenario, { ...observations, tearDown: isKept ? 0 : wallClock() - ending });
  } finally {
    if (!isKept) await labs.down(lab);
  }
}

async function observeRun(
  testbed: Testbed,
  began: number,
  options: ScenarioRunOptions,
): Promise<Observations> {
  const { lab, nodes, follower } = testbed;
  const [capture, ...monitors] = await Promise.all([
    SwitchCapture.start(lab),
    ...nodes.map(({ host }) => AddressMonitor.start(lab, host)),
    ...nodes.map((node) => node.startService().then(() => undefined)),
    testbed.startWitnesses().then(() => undefined),
  ]);
  const addressMonitors = monitors.flatMap((one) => one ?? []);
  const prepared = wallClock();
  const { settledAfter, clients, starting } = await startAll(testbed, addressMonitors, options);
  const zero = wallClock();
  options.onProgress?.(
    settledAfter === null
      ? { kind: 'unsettled' }
      : { kind: 'settled', afterMicroseconds: settledAfter },
  );
  const { steps, clock } = await performSteps(testbed, zero, (step) =>
    options.onProgress?.({ kind: 'step', step }),
  );
  await starting;
  const end = zero + clock.end;
  const discarded = await discardsOf(testbed);
  if (options.ignoreEvents !== true) await followToEnd(testbed);
  await sleep(DRAIN_MILLISECONDS);
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
    machineStates: new Map(nodes.map(({ spec, machineStates }) => [spec.name, machineStates])),
    addresses: new Map(addressMonitors.map((one) => [one.host.name, one.changes()])),
    states: follower.changes,
    events: follower.events,
    ignoresEvents: options.ignoreEvents === true,
  };
}

interface Start {
  /** Null: the directors did not settle in time. */
  readonly settledAfter: number | null;
  readonly clients: readonly Client[];
  /** Directors that are still starting. */
  readonly starting: Promise<unknown>;
}

/** Starts directors and clients, and lets the directors settle if the scenario asks for that. */
async function startAll(
  testbed: Testbed,
  monitors: readonly AddressMonitor[],
  options: ScenarioRunOptions,
): Promise<Start> {
  const { lab, scenario, nodes } = testbed;
  const start = (when: ScenarioNode['starts']) =>
    Promise.all(nodes.map((one) => (one.spec.starts === when ? one.start() : undefined)));
  if (scenario.settle === 0) {
    const clients = await startClients(lab, scenario, false);
    return { settledAfter: 0, clients, starting: start('first').then(() => start('after')) };
  }
  const begin = wallClock();
  await start('first');
  const settledAfter = await settle(testbed, monitors, begin);
  await start('after');
  if (options.ignoreEvents !== true) {
    await waitFor('agents past INIT', () => haveLeftInit(testbed));
  }
  const clients = await startClients(lab, scenario, true);
  return { settledAfter, clients, starting: Promise.resolve() };
}

/** The API of an agent answers before its protocol thread has read the state of the network. */
function haveLeftInit({ nodes, follower }: Testbed): boolean {
  return nodes.every(
    ({ spec, machineState }) =>
      spec.agent !== 'vrrp-agent' ||
      machineState !== 'runs' ||
      follower.changes.some((change) => change.node === spec.name),
  );
}

/** When 255 instances change together, their events may still be on the way. */
async function followToEnd({ nodes, follower }: Testbed): Promise<void> {
  await Promise.all(
    nodes.map(async ({ spec, socket }) => {
      if (socket === undefined) return;
      const status = await new ControlClient({ socket }).status().catch(() => undefined);
      if (status === undefined) return;
      const isCurrent = () => follower.isCurrent(spec.name, status.instances);
      await waitFor(`the events of ${spec.name}`, isCurrent).catch(() => undefined);
    }),
  );
}

/** Microseconds until exactly one director has the watched address; null: not in time. */
async function settle(
  { scenario, nodes }: Testbed,
  monitors: readonly AddressMonitor[],
  begin: number,
): Promise<number | null> {
  const { settle: limit, watched } = scenario;
  const wanted = firstMaster(scenario);
  const hasAddress = (node: LabNode) => {
    if (node.spec.agent === 'frr') return node.isMaster();
    const monitor = monitors.find(({ host }) => host === node.host);
    const changes = monitor?.changes() ?? [];
    return changes.findLast(({ address }) => address === watched.address)?.isPresent === true;
  };
  for (;;) {
    const answers = await Promise.all(nodes.map(hasAddress));
    const owners = nodes.filter((_, at) => answers[at]).map(({ spec }) => spec.name);
    if (owners.length === 1 && (wanted === undefined || owners[0] === wanted)) {
      return wallClock() - begin;
    }
    if (wallClock() - begin > limit) return null;
    await sleep(5);
  }
}

/** The director that becomes MASTER if all hear each other; undefined: any of them may. */
function firstMaster({ nodes }: Scenario): string | undefined {
  const running = nodes.filter(({ starts }) => starts === 'first');
  const highest = Math.max(...running.map(({ priority }) => priority));
  const best = running.filter(({ priority }) => priority === highest);
  const preempts = running.every(({ instances }) => instances[0]?.preempt !== false);
  return best.length === 1 && preempts ? best[0]?.name : undefined;
}

/** The sum over agents that still answer. */
async function discardsOf({ nodes }: Testbed): Promise<number> {
  const counts = await Promise.all(
    nodes.map(async ({ socket, peer }) => {
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
