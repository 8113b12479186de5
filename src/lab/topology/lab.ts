/** A running lab: directors and clients on one segment, and the operations on them. */
import { join } from 'node:path';
import { familyOf, type IpAddress, ip } from '../../net/address.ts';
import { ipBatch, type LabCommandOptions, LabError, run } from '../command.ts';
import { waitFor } from '../wait.ts';
import {
  creationLines,
  gatewayLines,
  HOST_INTERFACE,
  HOST_SYSCTLS,
  hostLines,
  hostsOf,
  type LabHost,
  type LabLayout,
  labLayout,
  type NetworkName,
  peerNetworkLines,
  portOf,
  switchLines,
} from './layout.ts';
import {
  type LabProcess,
  type ProcessIdentity,
  signalGroup,
  spawnInNamespace,
} from './processes.ts';
import { claimState, readState, workDirectory, writeState } from './state.ts';
import { type Crossing, filterText } from './switch-filter.ts';
import { tearDown } from './tear-down.ts';

export interface LabOptions {
  readonly prefix: string;
  readonly directors?: number;
  /** A second network that connects the directors only. */
  readonly peerNetwork?: boolean;
  readonly clients?: number;
  /** Machines for etcd. */
  readonly witnesses?: number;
  /** The first client is the default gateway of the directors. */
  readonly gateway?: boolean;
}

interface SpawnInLabOptions {
  readonly label: string;
  /** Writes its output to LABEL.log in the work directory, which slows down verbose programs. */
  readonly log?: boolean;
}

interface HostAddress {
  readonly address: IpAddress;
  readonly interfaceName: string;
  /** The link has a carrier. The operational state may follow up to 1 s later. */
  readonly carrier: boolean;
}

/** The fields of `ip -json address show` that are used here. */
interface IpAddressOutput {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly addr_info?: readonly { readonly local: string }[];
}

export class Lab {
  readonly layout: LabLayout;
  readonly directory: string;
  #processes: ProcessIdentity[] = [];
  readonly #started: LabProcess[] = [];
  #isDown = false;
  #removal: Promise<void> | undefined;
  readonly #blocked = new Map<string, Crossing>();

  private constructor(layout: LabLayout) {
    this.layout = layout;
    this.directory = workDirectory(layout.prefix);
  }

  /** Creates the lab; removes a partly created one if that fails. */
  static async up(options: LabOptions): Promise<Lab> {
    const { prefix, directors, peerNetwork, clients, witnesses, gateway = false } = options;
    const layout = labLayout(prefix, directors, peerNetwork, clients, witnesses);
    const lab = new Lab({ ...layout, hasGateway: gateway });
    claimState(lab.#state());
    try {
      await createNetwork(lab.layout);
    } catch (cause) {
      await tearDown(prefix);
      throw cause;
    }
    return lab;
  }

  /** A lab that another process created. */
  static attach(prefix: string): Lab {
    const state = readState(prefix);
    if (state === undefined) throw new LabError('lab-unknown', `no lab '${prefix}'`);
    const lab = new Lab(labLayout(prefix, state.directorCount));
    lab.#processes = [...state.processes];
    return lab;
  }

  get client(): LabHost {
    return this.layout.client;
  }

  get clients(): readonly LabHost[] {
    return this.layout.clients;
  }

  /** Directors count from 1, like their names. */
  director(number: number): LabHost {
    const director = this.layout.directors[number - 1];
    if (director === undefined) throw new LabError('lab-unknown', `this lab has no lb${number}`);
    return director;
  }

  /** Lets the processes of the lab outlive this process. */
  release(): void {
    for (const started of this.#started) started.release();
  }

  /** Concurrent calls wait for the same removal. */
  down(): Promise<void> {
    this.#isDown = true;
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    try {
      await tearDown(this.layout.prefix);
    } finally {
      this.#removal = undefined;
    }
  }

  /** A file in the work directory, which is removed with the lab. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Runs a command and resolves with its standard output. */
  run(host: LabHost, program: string, args: readonly string[], options?: LabCommandOptions) {
    return run('ip', ['netns', 'exec', host.namespace, program, ...args], options);
  }

  /** Adds a route: the host reaches the address on the segment, whatever its own subnet. */
  async reachOnLink(host: LabHost, address: IpAddress): Promise<void> {
    const family = familyOf(address) === 'ipv4' ? '-4' : '-6';
    await run('ip', [
      ...['-n', host.namespace, family, 'route', 'replace', address],
      ...['dev', HOST_INTERFACE],
    ]);
  }

  /** Starts a process that runs until it is stopped, or until the lab is removed. */
  spawn(
    host: LabHost | 'switch',
    program: string,
    args: readonly string[],
    options: SpawnInLabOptions,
  ): Promise<LabProcess> {
    const namespace = host === 'switch' ? this.layout.switchNamespace : host.namespace;
    const logFile = options.log === true ? this.path(`${options.label}.log`) : undefined;
    return this.#record(spawnInNamespace(namespace, program, args, { ...options, logFile }));
  }

  async #record(starting: Promise<LabProcess>): Promise<LabProcess> {
    const started = await starting;
    if (this.#isDown) {
      signalGroup(started.identity, 'SIGKILL');
      throw new LabError('not-ready', `lab '${this.layout.prefix}' is being removed`);
    }
    this.#processes.push(started.identity);
    this.#started.push(started);
    writeState(this.#state());
    return started;
  }

  #state() {
    const { prefix, directors } = this.layout;
    return { prefix, directorCount: directors.length, processes: this.#processes };
  }

  /** Pulls the cable: the host loses its carrier, the switch its port. */
  cut(host: LabHost, network?: NetworkName): Promise<void> {
    return this.#onSwitch([`link set ${portOf(host, network)} down`]);
  }

  restore(host: LabHost, network?: NetworkName): Promise<void> {
    return this.#onSwitch([`link set ${portOf(host, network)} up`]);
  }

  /** The networks that the host is connected to. */
  networksOf(host: LabHost): readonly NetworkName[] {
    const { hasPeerNetwork, directors } = this.layout;
    return hasPeerNetwork && directors.includes(host) ? ['clients', 'peers'] : ['clients'];
  }

  /** Isolated ports exchange no frames with each other, only with the other ports (ip-link(8)). */
  isolate(hosts: readonly LabHost[], network: NetworkName, state: 'on' | 'off'): Promise<void> {
    const port = (host: LabHost) => portOf(host, network);
    return this.#onSwitch(
      hosts.map((host) => `link set dev ${port(host)} type bridge_slave isolated ${state}`),
    );
  }

  #onSwitch(lines: readonly string[]): Promise<void> {
    return ipBatch(lines, this.layout.switchNamespace);
  }

  /** Drops VRRP between two hosts; other traffic and the links are unaffected. */
  blockVrrp(from: LabHost, to: LabHost, which: 'one-way' | 'both-ways' = 'both-ways') {
    const crossings =
      which === 'one-way'
        ? [{ from, to }]
        : [
            { from, to },
            { from: to, to: from },
          ];
    for (const crossing of crossings) this.#blocked.set(keyOf(crossing), crossing);
    return this.#applyFilter();
  }

  unblockVrrp(): Promise<void> {
    this.#blocked.clear();
    return this.#applyFilter();
  }

  #applyFilter(): Promise<void> {
    return this.filter([...this.#blocked.values()]);
  }

  /** Replaces what the switch drops. */
  async filter(lost: readonly Crossing[]): Promise<void> {
    const input = filterText(lost);
    await run('ip', ['netns', 'exec', this.layout.switchNamespace, 'nft', '-f', '-'], { input });
  }

  /** As an operator, or a program that does not know about VRRP, does it. */
  addAddress(host: LabHost, address: IpAddress, prefixLength: number): Promise<void> {
    return ipBatch([`addr add ${address}/${prefixLength} dev ${HOST_INTERFACE}`], host.namespace);
  }

  deleteAddress(host: LabHost, address: IpAddress, prefixLength: number): Promise<void> {
    return ipBatch([`addr del ${address}/${prefixLength} dev ${HOST_INTERFACE}`], host.namespace);
  }

  /** Addresses of the links that are up, without loopback. */
  async addresses(host: LabHost): Promise<HostAddress[]> {
    const text = await run('ip', ['-n', host.namespace, '-json', 'address', 'show', 'up']);
    const links = JSON.parse(text) as IpAddressOutput[];
    return links
      .filter(({ ifname }) => ifname !== 'lo')
      .flatMap(({ ifname, flags, addr_info = [] }) =>
        addr_info.map(({ local }) => ({
          address: ip(local),
          interfaceName: ifname,
          carrier: flags.includes('LOWER_UP'),
        })),
      );
  }

  /** The directors that have the address on a link with carrier. */
  async holders(address: IpAddress): Promise<LabHost[]> {
    const holds = async (host: LabHost) =>
      (await this.addresses(host)).some((one) => one.address === address && one.carrier);
    const answers = await Promise.all(this.layout.directors.map(holds));
    return this.layout.directors.filter((_, at) => answers[at]);
  }
}

function keyOf({ from, to }: Crossing): string {
  return `${from.name}>${to.name}`;
}

async function createNetwork(layout: LabLayout): Promise<void> {
  await ipBatch(creationLines(layout));
  const machines = hostsOf(layout).map(async (host) => {
    await run('ip', ['netns', 'exec', host.namespace, 'sysctl', '-q', '-w', ...HOST_SYSCTLS]);
    const isDirector = layout.directors.includes(host);
    const second = layout.hasPeerNetwork && isDirector ? peerNetworkLines(host) : [];
    const gateway = layout.hasGateway && isDirector ? gatewayLines(layout) : [];
    await ipBatch([...hostLines(host), ...second, ...gateway], host.namespace);
  });
  await Promise.all([ipBatch(switchLines(layout), layout.switchNamespace), ...machines]);
  await Promise.all(hostsOf(layout).map(untilOperational));
}

/** The kernel may report a carrier late; a daemon started before that reports a fault. */
function untilOperational({ namespace }: LabHost): Promise<true> {
  return waitFor(`${HOST_INTERFACE} of ${namespace}`, async () => {
    const text = await run('ip', ['-n', namespace, '-brief', 'link', 'show', HOST_INTERFACE]);
    return / UP /.test(text);
  });
}
