/** vrrp-agent on a director of the lab. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { ControlClient } from '../../control/client.ts';
import type { InstanceDocument } from '../../control/protocol.ts';
import { agentProgram } from '../program.ts';
import type { Lab } from '../topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../topology/layout.ts';
import type { LabProcess } from '../topology/processes.ts';
import { waitFor } from '../wait.ts';
import { Peer } from './peer.ts';

/** Keys of the configuration file; absent keys have their defaults. */
export interface AgentInstance {
  readonly name?: string;
  readonly vrid?: number;
  readonly addresses: readonly string[];
  readonly version?: 2 | 3;
  readonly priority?: number;
  readonly advertisement_interval?: string;
  readonly preempt?: boolean;
  readonly preempt_delay?: string;
  readonly authentication?: { readonly type: 'pass'; readonly password: string };
  readonly unicast?: { readonly source: string; readonly peers: readonly string[] };
  readonly checksum?: 'auto' | 'rfc9568' | 'pseudo_header';
  readonly [key: string]: unknown;
}

export interface AgentOptions {
  readonly instances: readonly AgentInstance[];
  /** Top-level keys. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** Microseconds that its clocks are ahead, as on a machine that has been running for that much longer. */
  readonly uptime?: number;
}

export function agentConfig(lab: Lab, host: LabHost, options: AgentOptions): string {
  return agentText({
    ...options,
    more: {
      router: host.name,
      control: { socket: agentSocket(lab, host) },
      state_dir: lab.path(`${host.name}-state`),
      ...options.more,
    },
  });
}

/** The configuration without the keys that depend on the lab. */
export function agentText(options: AgentOptions): string {
  return stringify({
    ...options.more,
    instances: options.instances.map((instance) => ({
      name: 'web',
      interface: HOST_INTERFACE,
      vrid: 55,
      ...instance,
    })),
  });
}

export function agentSocket(lab: Lab, host: LabHost): string {
  return lab.path(`${host.name}.sock`);
}

/** Its configuration file, which it reads again on SIGHUP. */
export function agentFile(lab: Lab, host: LabHost): string {
  return lab.path(`${host.name}.yaml`);
}

export class AgentPeer extends Peer {
  readonly socket: string;
  readonly #client: ControlClient;

  constructor(host: LabHost, process: LabProcess, socket: string) {
    super(host, [process]);
    this.socket = socket;
    this.#client = new ControlClient({ socket });
  }

  async instance(name = 'web'): Promise<InstanceDocument> {
    const { instances } = await this.#client.status();
    const found = instances.find((instance) => instance.name === name);
    if (found === undefined) throw new Error(`${this.host.name} has no instance '${name}'`);
    return found;
  }

  override async ready(): Promise<void> {
    await waitFor(`${this.host.name} BACKUP or MASTER`, async () => {
      const { instances } = await this.#client.status();
      return instances.every(({ state }) => state === 'BACKUP' || state === 'MASTER');
    });
  }

  /**
   * The API answers before the protocol thread has read the state of the network, and before the checker
   * has looked at the tracked objects: until then the instance waits in FAULT.
   */
  async hasStarted(): Promise<boolean> {
    const status = await this.#client.status().catch(() => undefined);
    return status?.instances.every(hasFirstResults) ?? false;
  }

  async state(name = 'web'): Promise<string> {
    return (await this.instance(name)).state;
  }
}

function hasFirstResults({ state, tracks }: InstanceDocument): boolean {
  return state !== 'INIT' && tracks.every(({ result }) => result !== null);
}

/** Resolves once its control socket answers, which is before it receives packets: see `ready`. */
export async function startAgent(
  lab: Lab,
  host: LabHost,
  options: AgentOptions,
): Promise<AgentPeer> {
  const label = `${host.name}-agent`;
  const config = agentFile(lab, host);
  const socket = agentSocket(lab, host);
  mkdirSync(lab.path(`${host.name}-state`), { recursive: true });
  writeFileSync(config, agentConfig(lab, host, options));
  const args = [...inTimeNamespace(options.uptime ?? 0), process.execPath, ...agentProgram()];
  const [first = process.execPath, ...rest] = [...args, 'run', '--config', config];
  const running = await lab.spawn(host, first, rest, { label, log: true });
  const client = new ControlClient({ socket, timeoutMs: 5_000 });
  const answers = () =>
    client.status().then(
      () => true,
      () => false,
    );
  await waitFor(`${label} (see ${lab.path(`${label}.log`)})`, answers, {
    milliseconds: 40_000,
    unless: running.ended,
  });
  return new AgentPeer(host, running, socket);
}

/** unshare(1) replaces itself by the program, so that the pid is the program's. */
function inTimeNamespace(uptime: number): string[] {
  if (uptime === 0) return [];
  const seconds = String(Math.round(uptime / 1_000_000));
  return ['unshare', '--time', '--boottime', seconds, '--monotonic', seconds];
}
