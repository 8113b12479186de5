/** A director of a running scenario: the machine, and the VRRP program on it. */
import { writeFileSync } from 'node:fs';
import { ControlClient } from '../../control/client.ts';
import { addressBits, familyOf } from '../../net/address.ts';
import { ipBatch } from '../command.ts';
import { frrState, startFrr } from '../peers/frr.ts';
import {
  type KeepalivedOptions,
  keepalivedConfig,
  keepalivedFile,
  startKeepalived,
} from '../peers/keepalived.ts';
import type { Peer } from '../peers/peer.ts';
import {
  type AgentInstance,
  type AgentOptions,
  AgentPeer,
  agentConfig,
  agentFile,
  startAgent,
} from '../peers/vrrp-agent.ts';
import { nodeProgram } from '../program.ts';
import { frrOptions, keepalivedOptions } from '../scenario/instances.ts';
import { addressOfVip, type ScenarioNode } from '../scenario/inventory.ts';
import { type PeerLinkKeys, peerLinkOf } from '../scenario/peer-link.ts';
import { type WitnessKeys, witnessOf } from '../scenario/witness.ts';
import type { Lab } from '../topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../topology/layout.ts';
import type { LabProcess } from '../topology/processes.ts';
import { waitFor, wallClock } from '../wait.ts';
import { hasReader, makeFifo, replaceByFile } from './pipes.ts';

/** `down`: the machine runs without its VRRP program. */
export type MachineState = 'down' | 'runs' | 'hung' | 'frozen' | 'crashed';

export interface MachineStateChange {
  readonly at: number;
  readonly machineState: MachineState;
}

interface LabNodeOptions {
  /** Runs a service that answers TCP and UDP probes. */
  readonly hasService: boolean;
  readonly peerLink: PeerLinkKeys | undefined;
  readonly witness: WitnessKeys | undefined;
  /** Its agent tracks a file, and logs into a pipe that another process reads. */
  readonly hasFiles?: boolean;
  readonly started: (peer: Peer) => void;
}

const STATUS_MILLISECONDS = 10_000;

/** What every agent of the scenario tracks if a step replaces it. */
export function trackedFile(lab: Lab, host: LabHost): string {
  return lab.path(`${host.name}-tracked`);
}

export class LabNode {
  readonly spec: ScenarioNode;
  readonly host: LabHost;
  readonly machineStates: MachineStateChange[] = [];
  readonly #lab: Lab;
  readonly #options: LabNodeOptions;
  #instances: readonly AgentInstance[];
  #peer: Peer | undefined;
  #service: LabProcess | undefined;
  #logReader: LabProcess | undefined;

  constructor(lab: Lab, spec: ScenarioNode, options: LabNodeOptions) {
    this.#lab = lab;
    this.spec = spec;
    this.host = lab.director(Number(spec.name.slice(2)));
    this.#options = options;
    this.#instances = spec.instances.map((instance) => ({ ...instance, ...this.#trackKeys() }));
    this.machineStates.push({ at: wallClock(), machineState: 'down' });
  }

  get peer(): Peer | undefined {
    return this.#peer;
  }

  get machineState(): MachineState {
    return this.machineStates.at(-1)?.machineState ?? 'down';
  }

  /** Control socket; undefined unless vrrp-agent runs here. */
  get socket(): string | undefined {
    return this.#peer instanceof AgentPeer && this.machineState === 'runs'
      ? this.#peer.socket
      : undefined;
  }

  /** Present once an agent with `hasFiles` was started. */
  get logReader(): LabProcess | undefined {
    return this.#logReader;
  }

  /** What the agent writes its log to. */
  get logFile(): string {
    return this.#lab.path(`${this.host.name}-agent.log`);
  }

  /** Asks the agent; nothing happens if none runs. Throws a `ControlError`. */
  async status(): Promise<void> {
    const { socket } = this;
    if (socket === undefined) return;
    await new ControlClient({ socket, timeoutMs: STATUS_MILLISECONDS }).status();
  }

  /** For FRRouting only: its addresses are always present, on a link without carrier. */
  async isMaster(): Promise<boolean> {
    const asked = frrState(this.#lab, this.host).catch(() => undefined);
    return (await asked) === 'Master';
  }

  async start(): Promise<void> {
    await this.startService();
    if (this.#peer?.running === true) return;
    // Recorded before the start, so that the state covers what the program does while it starts.
    this.#recordState('runs');
    this.#peer = await this.#launch();
    this.#options.started(this.#peer);
  }

  async stop(): Promise<void> {
    await this.#peer?.stop();
    this.#recordState('down');
  }

  async kill(): Promise<void> {
    this.#recordState('down');
    await this.#peer?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /**
   * Cuts the links first, so that the program cannot send anything while it is killed: the second network
   * before the one whose loss it would report there.
   */
  async crash(): Promise<void> {
    for (const network of this.#lab.networksOf(this.host).toReversed()) {
      await this.#lab.cut(this.host, network);
    }
    this.#recordState('crashed');
    this.#service?.signal('SIGKILL');
    this.#service = undefined;
    await this.#peer?.kill();
  }

  async boot(): Promise<void> {
    await this.#dropAddresses();
    const networks = this.#lab.networksOf(this.host);
    await Promise.all(networks.map((network) => this.#lab.restore(this.host, network)));
    await this.start();
  }

  hang(): void {
    this.#peer?.freeze();
    this.#recordState('hung');
  }

  /** Stops every process of the machine; the testbed isolates its switch port. */
  freeze(): void {
    this.#peer?.freeze();
    this.#service?.signal('SIGSTOP');
    this.#recordState('frozen');
  }

  thaw(): void {
    this.#service?.signal('SIGCONT');
    this.#peer?.thaw();
    this.#recordState(this.#peer?.running === true ? 'runs' : 'down');
  }

  reload(set: Readonly<Record<string, unknown>>): void {
    this.#instances = this.#instances.map((instance) => ({ ...instance, ...set }));
    if (this.spec.agent === 'vrrp-agent') {
      const text = agentConfig(this.#lab, this.host, this.#agent());
      writeFileSync(agentFile(this.#lab, this.host), text);
    } else {
      const text = keepalivedConfig(this.host, this.#keepalived());
      writeFileSync(keepalivedFile(this.#lab, this.host), text);
    }
    this.#peer?.signal('SIGHUP');
  }

  async startService(): Promise<void> {
    if (!this.#options.hasService || this.#service !== undefined) return;
    const program = nodeProgram('src/lab/probes/service-program.js');
    const label = `${this.host.name}-service`;
    this.#service = await this.#lab.spawn(this.host, process.execPath, program, { label });
  }

  #launch(): Promise<Peer> {
    const [first] = this.#instances;
    switch (this.spec.agent) {
      case 'vrrp-agent':
        return this.#launchAgent();
      case 'keepalived':
        return startKeepalived(this.#lab, this.host, this.#keepalived());
      case 'frr':
        return startFrr(this.#lab, this.host, frrOptions(first ?? { addresses: [] }));
    }
  }

  /** An agent that stays in INIT, or gets no first results, is not an error here: the expectations decide. */
  async #launchAgent(): Promise<AgentPeer> {
    if (this.#options.hasFiles === true) await this.#makeFiles();
    const agent = await startAgent(this.#lab, this.host, this.#agent());
    const label = `${this.host.name} past INIT, with the first results of what it tracks`;
    await waitFor(label, () => agent.hasStarted()).catch(() => undefined);
    return agent;
  }

  #agent(): AgentOptions {
    const { peerLink, witness } = this.#options;
    const { directors, witnesses } = this.#lab.layout;
    const hasWitness = witness === undefined ? {} : { witness: true };
    return {
      instances: this.#instances.map((one) => ({ ...hasWitness, ...one })),
      uptime: this.spec.uptime ?? 0,
      more: {
        ...(peerLink && { peer_link: peerLinkOf(peerLink, this.host, directors) }),
        ...(witness && { witness: witnessOf(witness, witnesses) }),
      },
    };
  }

  async #makeFiles(): Promise<void> {
    if (this.#logReader !== undefined) return;
    replaceByFile(trackedFile(this.#lab, this.host), '0\n');
    await makeFifo(this.logFile);
    // Opened for writing as well, it does not end with the agent.
    const read = ['-c', 'exec cat <>"$1" >>"$2"', 'sh', this.logFile, `${this.logFile}.read`];
    const label = `${this.host.name}-log`;
    this.#logReader = await this.#lab.spawn(this.host, 'sh', read, { label });
    await waitFor(`${label} reading`, () => hasReader(this.logFile));
  }

  #trackKeys(): Partial<AgentInstance> {
    if (this.#options.hasFiles !== true) return {};
    const file = trackedFile(this.#lab, this.host);
    return { track: [{ file, content: 'number' }] };
  }

  #keepalived(): KeepalivedOptions {
    const [first, ...more] = this.#instances.map(keepalivedOptions);
    return { ...(first ?? { addresses: [] }), more };
  }

  /** A machine that has booted has no virtual addresses. */
  async #dropAddresses(): Promise<void> {
    const own = new Set(this.#instances.flatMap(({ addresses }) => addresses.map(addressOfVip)));
    const present = await this.#lab.addresses(this.host);
    const lines = present
      .filter(({ address, interfaceName }) => own.has(address) && interfaceName === HOST_INTERFACE)
      .map(({ address }) => {
        const bits = addressBits(familyOf(address));
        return `addr del ${address}/${bits} dev ${HOST_INTERFACE}`;
      });
    if (lines.length > 0) await ipBatch(lines, this.host.namespace, ['-force']);
  }

  #recordState(machineState: MachineState): void {
    this.machineStates.push({ at: wallClock(), machineState });
  }
}
