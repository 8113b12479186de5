/** The lab of one run, its directors, and what the steps have done to the network. */
import { availableParallelism } from 'node:os';
import { type IpAddress, mac } from '../../net/address.ts';
import { LabError, run } from '../command.ts';
import { forgedFrame } from '../packets/forged-frame.ts';
import { AgentPeer } from '../peers/vrrp-agent.ts';
import { nodeProgram } from '../program.ts';
import type { Action, Between, Scenario } from '../scenario/scenario.ts';
import type { Lab } from '../topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../topology/layout.ts';
import type { Crossing } from '../topology/switch-filter.ts';
import { sleep } from '../wait.ts';
import { Director } from './director.ts';
import { StateFollower } from './state-follower.ts';

/** How long the command line may wait for a successor. */
const FAILOVER_MILLISECONDS = 30_000;

export class Stage {
  readonly lab: Lab;
  readonly scenario: Scenario;
  readonly directors: readonly Director[];
  readonly follower = new StateFollower();
  #cuts: Crossing[] = [];
  readonly #delayed = new Set<string>();

  constructor(lab: Lab, scenario: Scenario, isUnheard = false) {
    this.lab = lab;
    this.scenario = scenario;
    const hasService = scenario.probes.some(({ type }) => type !== 'icmp');
    this.directors = scenario.nodes.map((node) => {
      const started = (peer: unknown) => {
        if (peer instanceof AgentPeer && !isUnheard) this.follower.follow(node.name, peer.socket);
      };
      return new Director(lab, node, { hasService, started });
    });
  }

  director(name: string): Director {
    const found = this.directors.find(({ node }) => node.name === name);
    if (found === undefined) throw new LabError('lab-unknown', `there is no ${name}`);
    return found;
  }

  async perform(action: Action): Promise<void> {
    switch (action.kind) {
      case 'link_down':
        return this.lab.cut(this.#host(action.node));
      case 'link_up':
        return this.lab.restore(this.#host(action.node));
      case 'partition':
        return this.#cut(action, 100);
      case 'loss':
        return this.#cut(action, action.percent);
      case 'heal':
        return this.#heal();
      case 'delay':
        return this.#delay(action.node, action.by, action.jitter);
      case 'freeze':
      case 'thaw':
        return this.#standStill(action.node, action.kind);
      case 'hang':
        return this.director(action.node).hang();
      case 'reload':
        return this.director(action.node).reload(action.set);
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
        return this.#deleteAddress(this.#host(action.node), action.address);
      case 'add_address':
        return this.lab.addAddress(this.#host(action.node), action.address, bits(action.address));
      default:
        return this.director(action.node)[action.kind]();
    }
  }

  /** Somebody who deletes what is not there gets an error, and has changed nothing. */
  async #deleteAddress(host: LabHost, address: IpAddress): Promise<void> {
    const held = await this.lab.addresses(host);
    if (!held.some((one) => one.address === address)) return;
    await this.lab.deleteAddress(host, address, bits(address));
  }

  #host(name: string): LabHost {
    return this.lab.clients.find((one) => one.name === name) ?? this.director(name).host;
  }

  #cut({ from, to, traffic, isOneWay }: Between, percent: number): Promise<void> {
    const crossing = (a: string, b: string): Crossing => ({
      ...{ from: this.#host(a), to: this.#host(b), traffic },
      ...(percent < 100 ? { percent } : {}),
    });
    for (const a of from) {
      for (const b of to) {
        this.#cuts.push(crossing(a, b), ...(isOneWay ? [] : [crossing(b, a)]));
      }
    }
    return this.#applyFilter();
  }

  async #heal(): Promise<void> {
    this.#cuts = [];
    await this.#applyFilter();
    await Promise.all([...this.#delayed].map((port) => this.#tc(['del', 'dev', port, 'root'])));
    this.#delayed.clear();
  }

  /** A frozen machine neither hears nor answers; what was sent to it meanwhile is lost. */
  async #standStill(node: string, kind: 'freeze' | 'thaw'): Promise<void> {
    const director = this.director(node);
    if (kind === 'freeze') director.freeze();
    await this.#applyFilter(kind === 'thaw' ? node : undefined);
    if (kind === 'thaw') director.thaw();
  }

  #applyFilter(thawing?: string): Promise<void> {
    const everybody = [...this.directors.map(({ host }) => host), ...this.lab.clients];
    const still = this.directors.filter(
      ({ life, node }) => life === 'frozen' && node.name !== thawing,
    );
    const silence = still.flatMap(({ host }) =>
      everybody
        .filter((other) => other !== host)
        .flatMap((other): Crossing[] => [
          { from: host, to: other, traffic: 'all' },
          { from: other, to: host, traffic: 'all' },
        ]),
    );
    return this.lab.filter([...this.#cuts, ...silence]);
  }

  async #delay(node: string, by: number, jitter: number): Promise<void> {
    const port = this.#host(node).name;
    const times = [`${by / 1_000}ms`, ...(jitter === 0 ? [] : [`${jitter / 1_000}ms`])];
    await this.#tc(['replace', 'dev', port, 'root', 'netem', 'delay', ...times]);
    this.#delayed.add(port);
  }

  async #tc(args: readonly string[]): Promise<void> {
    const [verb = '', ...rest] = args;
    await run('tc', ['-n', this.lab.layout.switchNamespace, 'qdisc', verb, ...rest]);
  }

  async #command(node: string, words: readonly string[]): Promise<void> {
    const { host, peer } = this.director(node);
    if (!(peer instanceof AgentPeer)) throw new LabError('lab-unknown', `no agent runs on ${node}`);
    const program = [...nodeProgram('src/cli/main.js'), ...words, '--socket', peer.socket];
    await this.lab.run(host, process.execPath, program, {
      timeoutMilliseconds: FAILOVER_MILLISECONDS,
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

  async #flood(action: Extract<Action, { kind: 'flood' }>): Promise<void> {
    const { client } = this.lab;
    const text = await this.lab.run(client, 'cat', [`/sys/class/net/${HOST_INTERFACE}/address`]);
    const version = this.scenario.nodes[0]?.instances[0]?.version ?? 3;
    const target = { version, ...this.scenario.watched };
    const frame = forgedFrame(action.packet, target, { host: client, mac: mac(text.trim()) });
    const rate = [String(action.perSecond), String(action.lasts / 1_000_000)];
    const program = [...nodeProgram('src/lab/packets/forger.js'), HOST_INTERFACE, ...rate];
    const forger = await this.lab.spawn(
      client,
      process.execPath,
      [...program, Buffer.from(frame).toString('hex')],
      { label: 'forger', log: true },
    );
    const status = await forger.ended;
    if (status !== 0) throw new LabError('command-failed', `the flood ended with ${status}`);
  }
}

function bits(address: string): number {
  return address.includes(':') ? 128 : 32;
}

/** Whether this kernel can delay packets; asked in a namespace that is gone with the question. */
export async function hasNetem(): Promise<boolean> {
  try {
    const question = ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms'];
    await run('unshare', ['--net', ...question]);
    return true;
  } catch {
    return false;
  }
}
