/** The lab of one run: its directors, its network, and the steps performed on both. */
import { availableParallelism } from 'node:os';
import { parseDuration } from '../../config/duration.ts';
import { mac } from '../../net/address.ts';
import { seconds } from '../../net/time.ts';
import { LabError, run } from '../command.ts';
import {
  type Forger,
  type ForgeryTarget,
  foreignFrame,
  forgedFrame,
} from '../packets/forged-frame.ts';
import { EtcdMember } from '../peers/etcd.ts';
import { AgentPeer } from '../peers/vrrp-agent.ts';
import { nodeProgram } from '../program.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Action } from '../scenario/steps.ts';
import type { Lab } from '../topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../topology/layout.ts';
import { sleep } from '../wait.ts';
import { Field } from './field.ts';
import { LabNetwork } from './lab-network.ts';
import { LabNode } from './lab-node.ts';
import { floodPeerLink } from './peer-flood.ts';
import { StateFollower } from './state-follower.ts';

type ActionOf<Kind extends Action['kind']> = Extract<Action, { readonly kind: Kind }>;
type AddressAction = ActionOf<'add_address' | 'delete_address'>;

/** Longer than any `--wait` below. */
const COMMAND_MILLISECONDS = 30_000;

export class Testbed {
  readonly lab: Lab;
  readonly scenario: Scenario;
  readonly nodes: readonly LabNode[];
  readonly follower = new StateFollower();
  readonly #witnesses: readonly EtcdMember[];
  readonly #network: LabNetwork;
  readonly #fields: ReadonlyMap<string, Field>;
  #thawing: LabNode | undefined;

  constructor(lab: Lab, scenario: Scenario, ignoresEvents = false) {
    this.lab = lab;
    this.scenario = scenario;
    const hasService = scenario.probes.some(({ type }) => type !== 'icmp');
    const hasFiles = scenario.steps.some(
      ({ action: { kind } }) => kind === 'stall_log' || kind === 'tracked_file',
    );
    this.nodes = scenario.nodes.map((node) => {
      const started = (peer: unknown) => {
        if (peer instanceof AgentPeer && !ignoresEvents)
          this.follower.follow(node.name, peer.socket);
      };
      const { peerLink, witness } = scenario;
      return new LabNode(lab, node, { hasService, hasFiles, peerLink, witness, started });
    });
    const { witnesses } = lab.layout;
    this.#witnesses = witnesses.map((host) => new EtcdMember(lab, host, witnesses));
    const frozen = () =>
      this.nodes
        .filter((node) => node.machineState === 'frozen' && node !== this.#thawing)
        .map(({ host }) => host);
    this.#network = new LabNetwork(lab, (name) => this.#host(name), frozen);
    this.#fields = new Map(this.nodes.map((node) => [node.spec.name, new Field(lab, node)]));
  }

  node(name: string): LabNode {
    const found = this.nodes.find(({ spec }) => spec.name === name);
    if (found === undefined) throw new LabError('lab-unknown', `this lab has no ${name}`);
    return found;
  }

  /** They have a leader afterwards. */
  async startWitnesses(): Promise<void> {
    await Promise.all(this.#witnesses.map((one) => one.start()));
    await Promise.all(this.#witnesses.map((one) => one.ready()));
  }

  async perform(action: Action): Promise<void> {
    switch (action.kind) {
      case 'crash':
        return this.node(action.node).crash();
      case 'boot':
        return this.node(action.node).boot();
      case 'kill':
        return this.#programOn(action.node).kill();
      case 'stop':
        return this.#programOn(action.node).stop();
      case 'start':
        return this.#programOn(action.node).start();
      case 'restart':
        return this.#programOn(action.node).restart();
      case 'hang':
        return this.#programOn(action.node).hang();
      case 'freeze':
        return this.#freeze(this.node(action.node));
      case 'thaw':
        return this.#thaw(this.#programOn(action.node));
      case 'reload':
        return this.node(action.node).reload(action.set);
      case 'link_down':
        return this.lab.cut(this.#host(action.node), action.network);
      case 'link_up':
        return this.lab.restore(this.#host(action.node), action.network);
      case 'partition':
        return this.#network.lose(action, 100);
      case 'loss':
        return this.#network.lose(action, action.percent);
      case 'isolate':
        return this.#network.isolate(action.nodes, action.network);
      case 'deaf':
        return this.#network.deafen(action.node, action.network);
      case 'delay':
        return this.#network.delay(action.node, action.by, action.jitter);
      case 'heal':
        return this.#network.heal();
      case 'peer_flood':
        return floodPeerLink(this.lab, action);
      case 'failover':
        return this.#command(action.node, ['failover', '--all', '--wait', '10s']);
      case 'release':
        return this.#command(action.node, ['failover', '--release', '--all']);
      case 'maintenance':
        return this.#command(action.node, [
          ...['maintenance', action.state],
          ...(action.state === 'on' ? ['--wait', '20s'] : []),
        ]);
      case 'cpu_stress':
        return this.#stress(action.lasts / 1_000, action.loops ?? 2 * availableParallelism());
      case 'flood':
        return this.#flood(action);
      case 'delete_address':
        return this.#deleteAddress(action);
      case 'add_address':
        return this.#addAddress(action);
      case 'foreign_router':
        return this.#advertise(action);
      default:
        return this.#field(action.node).perform(action);
    }
  }

  #field(name: string): Field {
    const field = this.#fields.get(name);
    if (field === undefined) throw new LabError('lab-unknown', `this lab has no director ${name}`);
    return field;
  }

  #addAddress({ node, address, isOnLoopback }: AddressAction): Promise<void> {
    if (isOnLoopback) return this.#field(node).addToLoopback(address);
    return this.lab.addAddress(this.#host(node), address, bits(address));
  }

  /** If the interface does not have the address, nothing changes. */
  async #deleteAddress({ node, address, isOnLoopback }: AddressAction): Promise<void> {
    if (isOnLoopback) return this.#field(node).deleteFromLoopback(address);
    const host = this.#host(node);
    const present = await this.lab.addresses(host);
    if (!present.some((one) => one.address === address)) return;
    await this.lab.deleteAddress(host, address, bits(address));
  }

  #programOn(name: string): LabNode | EtcdMember {
    return this.#witnesses.find((one) => one.name === name) ?? this.node(name);
  }

  #host(name: string): LabHost {
    const { clients, witnesses } = this.lab.layout;
    return [...clients, ...witnesses].find((one) => one.name === name) ?? this.node(name).host;
  }

  /** A frozen machine neither receives nor answers; frames sent to it meanwhile are lost. */
  async #freeze(node: LabNode): Promise<void> {
    node.freeze();
    await this.#network.applyFilter();
  }

  /** The port comes first, or the machine could send before the switch forwards again. */
  async #thaw(node: LabNode | EtcdMember): Promise<void> {
    if (node instanceof EtcdMember) {
      node.thaw();
      return;
    }
    this.#thawing = node;
    await this.#network.applyFilter();
    this.#thawing = undefined;
    node.thaw();
  }

  async #command(node: string, args: readonly string[]): Promise<void> {
    const { host, peer } = this.node(node);
    if (!(peer instanceof AgentPeer))
      throw new LabError('lab-unknown', `no vrrp-agent runs on ${node}`);
    const program = [...nodeProgram('src/cli/main.js'), ...args, '--socket', peer.socket];
    await this.lab.run(host, process.execPath, program, {
      timeoutMilliseconds: COMMAND_MILLISECONDS,
    });
  }

  async #stress(milliseconds: number, loops: number): Promise<void> {
    const busy = ['-c', 'while :; do :; done'];
    const running = await Promise.all(
      Array.from({ length: loops }, (_, at) =>
        this.lab.spawn(this.lab.client, 'sh', busy, { label: `busy-${at}` }),
      ),
    );
    await sleep(milliseconds);
    for (const loop of running) loop.signal('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
  }

  async #flood({ packet, perSecond, lasts }: ActionOf<'flood'>): Promise<void> {
    const frame = forgedFrame(packet, this.#target(), await this.#forger());
    await this.#send(frame, perSecond, lasts);
  }

  async #advertise({ priority, lasts }: ActionOf<'foreign_router'>): Promise<void> {
    const { advertisement_interval: text = '1s' } = this.scenario.nodes[0]?.instances[0] ?? {};
    const interval = parseDuration(text) ?? seconds(1);
    const frame = foreignFrame({ priority, interval }, this.#target(), await this.#forger());
    await this.#send(frame, Math.max(1, Math.round(1_000_000 / interval)), lasts);
  }

  #target(): ForgeryTarget {
    const version = this.scenario.nodes[0]?.instances[0]?.version ?? 3;
    return { version, ...this.scenario.watched };
  }

  async #forger(): Promise<Forger> {
    const { client } = this.lab;
    const text = await this.lab.run(client, 'cat', [`/sys/class/net/${HOST_INTERFACE}/address`]);
    return { host: client, mac: mac(text.trim()) };
  }

  async #send(frame: Uint8Array, perSecond: number, lasts: number): Promise<void> {
    const { client } = this.lab;
    const rate = [String(perSecond), String(lasts / 1_000_000)];
    const program = [...nodeProgram('src/lab/packets/forger.js'), HOST_INTERFACE, ...rate];
    const forger = await this.lab.spawn(
      client,
      process.execPath,
      [...program, Buffer.from(frame).toString('hex')],
      { label: 'forger', log: true },
    );
    const status = await forger.ended;
    if (status !== 0) throw new LabError('command-failed', `the flood ended with status ${status}`);
  }
}

function bits(address: string): number {
  return address.includes(':') ? 128 : 32;
}

/** True if this kernel can delay packets; tried in a namespace that exists for this command only. */
export async function hasNetem(): Promise<boolean> {
  try {
    const attempt = ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms'];
    await run('unshare', ['--net', ...attempt]);
    return true;
  } catch {
    return false;
  }
}
