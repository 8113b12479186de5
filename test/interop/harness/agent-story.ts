/** Helpers for tests of running agents. */
import { spawn } from 'node:child_process';
import { ControlClient } from '../../../src/control/client.ts';
import type { EventDocument, InstanceDocument } from '../../../src/control/protocol.ts';
import {
  type AgentInstance,
  type AgentPeer,
  startAgent,
} from '../../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../../src/lab/program.ts';
import type { Lab } from '../../../src/lab/topology/lab.ts';
import { type LabHost, virtualAddress } from '../../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../../src/lab/wait.ts';

export const VIP = virtualAddress(0);
export const INTERVAL = 100;

/** One virtual router with `VIP`, advertising every 100 ms. */
export function webInstance(more: Partial<AgentInstance> = {}): AgentInstance {
  return { addresses: [`${VIP}/32`], advertisement_interval: `${INTERVAL}ms`, ...more };
}

/** An agent on lb1, lb2, ... */
export function startOn(
  lab: Lab,
  director: number,
  more: Partial<AgentInstance> = {},
  top: Readonly<Record<string, unknown>> = {},
): Promise<AgentPeer> {
  return startAgent(lab, lab.director(director), { instances: [webInstance(more)], more: top });
}

/** Resolves with the row of `status` that has the state, and these faults if any are named. */
export function reaches(
  agent: AgentPeer,
  state: InstanceDocument['state'],
  faults: readonly string[] = [],
): Promise<InstanceDocument> {
  return waitFor(`${agent.host.name} ${[state, ...faults].join(' ')}`, async () => {
    const row = await agent.instance();
    return row.state === state && row.faults.join() === faults.join() && row;
  });
}

export async function eventsOf(agent: AgentPeer): Promise<readonly EventDocument[]> {
  return (await new ControlClient({ socket: agent.socket }).events()).events;
}

export async function has(lab: Lab, host: LabHost, address: string): Promise<boolean> {
  return (await lab.addresses(host)).some((one) => one.address === address);
}

export interface Outcome {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line of vrrp-agent. */
export function commandLine(...args: readonly string[]): string[] {
  return [process.execPath, builtProgram('src/cli/main.js'), ...args];
}

/** Runs a command on a host to its end; `meanwhile` gets its pid and its output so far. */
export async function outcomeOf(
  host: LabHost,
  command: readonly string[],
  meanwhile?: (pid: number, printed: () => string) => Promise<void>,
): Promise<Outcome> {
  const child = spawn('ip', ['netns', 'exec', host.namespace, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const closed = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown'));
  });
  if (meanwhile !== undefined && child.pid !== undefined) {
    await meanwhile(child.pid, () => stdout);
  }
  const late = sleep(20_000).then(() => 'still running');
  const status = await Promise.race([closed, late]);
  return { status, stdout, stderr };
}
