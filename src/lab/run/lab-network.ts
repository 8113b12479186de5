/** What the switch of a running scenario does with frames: partitions, losses, isolation and delays. */
import { SerialQueue } from '../../async/serial-queue.ts';
import { run } from '../command.ts';
import type { Crossings } from '../scenario/network-steps.ts';
import type { Lab } from '../topology/lab.ts';
import { hostsOf, type LabHost, type NetworkName, portOf } from '../topology/layout.ts';
import type { Crossing } from '../topology/switch-filter.ts';

interface Isolation {
  readonly hosts: readonly LabHost[];
  readonly network: NetworkName;
}

export class LabNetwork {
  readonly #lab: Lab;
  readonly #hostNamed: (name: string) => LabHost;
  /** Machines that neither receive nor answer. */
  readonly #frozen: () => readonly LabHost[];
  readonly #filters = new SerialQueue();
  #lost: Crossing[] = [];
  #isolations: Isolation[] = [];
  readonly #delayed = new Set<string>();

  constructor(lab: Lab, hostNamed: (name: string) => LabHost, frozen: () => readonly LabHost[]) {
    this.#lab = lab;
    this.#hostNamed = hostNamed;
    this.#frozen = frozen;
  }

  lose({ from, to, traffic, isOneWay, network }: Crossings, percent: number): Promise<void> {
    const crossing = (a: string, b: string): Crossing => ({
      ...{ from: this.#hostNamed(a), to: this.#hostNamed(b), traffic },
      ...(network === undefined ? {} : { network }),
      ...(percent < 100 ? { percent } : {}),
    });
    for (const a of from) {
      for (const b of to) {
        this.#lost.push(crossing(a, b), ...(isOneWay ? [] : [crossing(b, a)]));
      }
    }
    return this.applyFilter();
  }

  deafen(name: string, network: NetworkName = 'clients'): Promise<void> {
    const to = this.#hostNamed(name);
    for (const from of this.#others(to, network)) {
      this.#lost.push({ from, to, traffic: 'all', network });
    }
    return this.applyFilter();
  }

  async isolate(names: readonly string[], network: NetworkName = 'clients'): Promise<void> {
    const isolation = { hosts: names.map(this.#hostNamed), network };
    this.#isolations.push(isolation);
    await this.#lab.isolate(isolation.hosts, network, 'on');
  }

  async delay(name: string, by: number, jitter: number): Promise<void> {
    const port = portOf(this.#hostNamed(name));
    const times = [`${by / 1_000}ms`, ...(jitter === 0 ? [] : [`${jitter / 1_000}ms`])];
    await this.#tc(['replace', 'dev', port, 'root', 'netem', 'delay', ...times]);
    this.#delayed.add(port);
  }

  async heal(): Promise<void> {
    this.#lost = [];
    await this.applyFilter();
    for (const { hosts, network } of this.#isolations.splice(0)) {
      await this.#lab.isolate(hosts, network, 'off');
    }
    await Promise.all([...this.#delayed].map((port) => this.#tc(['del', 'dev', port, 'root'])));
    this.#delayed.clear();
  }

  /** One after the other: of two steps at nearly the same time the rules of the later one must stay. */
  applyFilter(): Promise<void> {
    return this.#filters.run(() => this.#replaceFilter());
  }

  #replaceFilter(): Promise<void> {
    const isolated = this.#frozen().flatMap((host) =>
      this.#lab.networksOf(host).flatMap((network) =>
        this.#others(host, network).flatMap((other): Crossing[] => [
          { from: host, to: other, traffic: 'all', network },
          { from: other, to: host, traffic: 'all', network },
        ]),
      ),
    );
    return this.#lab.filter([...this.#lost, ...isolated]);
  }

  #others(host: LabHost, network: NetworkName): readonly LabHost[] {
    const { layout } = this.#lab;
    const connected = network === 'peers' ? layout.directors : hostsOf(layout);
    return connected.filter((other) => other !== host);
  }

  async #tc(args: readonly string[]): Promise<void> {
    const [verb = '', ...rest] = args;
    await run('tc', ['-n', this.#lab.layout.switchNamespace, 'qdisc', verb, ...rest]);
  }
}
