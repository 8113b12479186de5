/** A director of a scenario: the program on it, and what befalls both. */
import { writeFileSync } from 'node:fs';
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
  AgentPeer,
  agentConfig,
  agentFile,
  startAgent,
} from '../peers/vrrp-agent.ts';
import { nodeProgram } from '../program.ts';
import { addressOfVip, frrOptions, keepalivedOptions } from '../scenario/instances.ts';
import type { ScenarioNode } from '../scenario/scenario.ts';
import type { Lab } from '../topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../topology/layout.ts';
import type { LabProcess } from '../topology/processes.ts';
import { waitFor } from '../wait.ts';
import { wallClock } from '../wall-clock.ts';

/** What the director as a machine is doing. */
export type Life = 'down' | 'runs' | 'hung' | 'frozen' | 'crashed';

export interface LifeChange {
  readonly at: number;
  readonly life: Life;
}

export interface DirectorOptions {
  /** Answers TCP and UDP probes. */
  readonly hasService: boolean;
  readonly started: (peer: Peer) => void;
}

export class Director {
  readonly node: ScenarioNode;
  readonly host: LabHost;
  readonly lives: LifeChange[] = [];
  readonly #lab: Lab;
  readonly #options: DirectorOptions;
  #instances: readonly AgentInstance[];
  #peer: Peer | undefined;
  #service: LabProcess | undefined;

  constructor(lab: Lab, node: ScenarioNode, options: DirectorOptions) {
    this.#lab = lab;
    this.node = node;
    this.host = lab.director(Number(node.name.slice(2)));
    this.#options = options;
    this.#instances = node.instances;
    this.lives.push({ at: wallClock(), life: 'down' });
  }

  get peer(): Peer | undefined {
    return this.#peer;
  }

  get life(): Life {
    return this.lives.at(-1)?.life ?? 'down';
  }

  /** The control socket of a running vrrp-agent. */
  get socket(): string | undefined {
    return this.#peer instanceof AgentPeer && this.life === 'runs' ? this.#peer.socket : undefined;
  }

  /** Of FRRouting, whose addresses are there all the time, on a link without a carrier. */
  async isMaster(): Promise<boolean> {
    const asked = frrState(this.#lab, this.host).catch(() => undefined);
    return (await asked) === 'Master';
  }

  async start(): Promise<void> {
    await this.startService();
    if (this.#peer?.running === true) return;
    // On the clock from before: what the program does while it starts is its own doing.
    this.#enter('runs');
    this.#peer = await this.#launch();
    this.#options.started(this.#peer);
  }

  async stop(): Promise<void> {
    await this.#peer?.stop();
    this.#enter('down');
  }

  async kill(): Promise<void> {
    this.#enter('down');
    await this.#peer?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** First the cable, so that nothing is said afterwards. */
  async crash(): Promise<void> {
    await this.#lab.cut(this.host);
    this.#enter('crashed');
    this.#service?.signal('SIGKILL');
    this.#service = undefined;
    await this.#peer?.kill();
  }

  async boot(): Promise<void> {
    await this.#dropAddresses();
    await this.#lab.restore(this.host);
    await this.start();
  }

  hang(): void {
    this.#peer?.freeze();
    this.#enter('hung');
  }

  /** The rest of the machine; its port is the switch's to silence. */
  freeze(): void {
    this.#peer?.freeze();
    this.#service?.signal('SIGSTOP');
    this.#enter('frozen');
  }

  thaw(): void {
    this.#service?.signal('SIGCONT');
    this.#peer?.thaw();
    this.#enter(this.#peer?.running === true ? 'runs' : 'down');
  }

  reload(set: Readonly<Record<string, unknown>>): void {
    this.#instances = this.#instances.map((instance) => ({ ...instance, ...set }));
    if (this.node.agent === 'vrrp-agent') {
      const text = agentConfig(this.#lab, this.host, { instances: this.#instances });
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
    switch (this.node.agent) {
      case 'vrrp-agent':
        return this.#launchAgent();
      case 'keepalived':
        return startKeepalived(this.#lab, this.host, this.#keepalived());
      case 'frr':
        return startFrr(this.#lab, this.host, frrOptions(first ?? { addresses: [] }));
    }
  }

  /** One that never begins is for the expectations to judge. */
  async #launchAgent(): Promise<AgentPeer> {
    const agent = await startAgent(this.#lab, this.host, { instances: this.#instances });
    const label = `${this.host.name} to begin`;
    await waitFor(label, () => agent.hasBegun()).catch(() => undefined);
    return agent;
  }

  #keepalived(): KeepalivedOptions {
    const [first, ...more] = this.#instances.map(keepalivedOptions);
    return { ...(first ?? { addresses: [] }), more };
  }

  /** As a machine that boots has them: not at all. */
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

  #enter(life: Life): void {
    this.lives.push({ at: wallClock(), life });
  }
}
