/** A running lab: directors and a client on one segment, and everything one does to them. */
import { join } from 'node:path';
import { familyOf, type IpAddress, ip } from '../../net/address.ts';
import { ipBatch, LabError, type RunOptions, run } from '../command.ts';
import { waitFor } from '../wait.ts';
import {
  creationLines,
  HOST_INTERFACE,
  HOST_SYSCTLS,
  hostLines,
  hostsOf,
  type LabHost,
  type LabLayout,
  labLayout,
  peerNetworkLines,
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
  /** A second network of the directors alone. */
  readonly peerNetwork?: boolean;
  readonly clients?: number;
}

export interface SpawnInLabOptions {
  readonly label: string;
  /** Keep what it prints in the work directory; a program that logs much is slower for it. */
  readonly log?: boolean;
}

export interface HostAddress {
  readonly address: IpAddress;
  readonly interfaceName: string;
  /** Of the link: what reaches it is answered. The operational state follows up to 1 s later. */
  readonly carrier: boolean;
}

/** Of `ip -json address show`, what is used here. */
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

  /** Makes the lab; what was made of it is removed again when a step fails. */
  static async up(options: LabOptions): Promise<Lab> {
    const { prefix, directors, peerNetwork, clients } = options;
    const lab = new Lab(labLayout(prefix, directors, peerNetwork, clients));
    claimState(lab.#state());
    try {
      await makeNetwork(lab.layout);
    } catch (cause) {
      await tearDown(prefix);
      throw cause;
    }
    return lab;
  }

  /** A lab that some other process made. */
  static attach(prefix: string): Lab {
    const state = readState(prefix);
    if (state === undefined) throw new LabError('lab-unknown', `there is no lab '${prefix}'`);
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

  /** Counted from 1, like their names. */
  director(number: number): LabHost {
    const director = this.layout.directors[number - 1];
    if (director === undefined) throw new LabError('lab-unknown', `there is no lb${number}`);
    return director;
  }

  /** What this program has started goes on after it has ended. */
  release(): void {
    for (const started of this.#started) started.release();
  }

  /** Whoever asks while it is being removed waits for the same. */
  down(): Promise<void> {
    this.#isDown = true;
    this.#removal ??= tearDown(this.layout.prefix).finally(() => {
      this.#removal = undefined;
    });
    return this.#removal;
  }

  /** Where a file of the lab lies; removed with the lab. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Runs a command to its end and gives what it printed. */
  run(host: LabHost, program: string, args: readonly string[], options?: RunOptions) {
    return run('ip', ['netns', 'exec', host.namespace, program, ...args], options);
  }

  /** The host looks for the address on the segment, whatever its own network is. */
  async reachOnLink(host: LabHost, address: IpAddress): Promise<void> {
    const family = familyOf(address) === 'ipv4' ? '-4' : '-6';
    await run('ip', [
      ...['-n', host.namespace, family, 'route', 'replace', address],
      ...['dev', HOST_INTERFACE],
    ]);
  }

  /** Starts what goes on until it is stopped, at the latest with the lab. */
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
  cut(host: LabHost): Promise<void> {
    return ipBatch([`link set ${host.name} down`], this.layout.switchNamespace);
  }

  restore(host: LabHost): Promise<void> {
    return ipBatch([`link set ${host.name} up`], this.layout.switchNamespace);
  }

  /** Loses VRRP on the way from one host to another; everything else goes on, carrier included. */
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

  /** From now on the switch loses this and nothing else. */
  async filter(lost: readonly Crossing[]): Promise<void> {
    const input = filterText(lost);
    await run('ip', ['netns', 'exec', this.layout.switchNamespace, 'nft', '-f', '-'], { input });
  }

  /** What an operator, or a program that knows nothing of VRRP, may do. */
  addAddress(host: LabHost, address: IpAddress, prefixLength: number): Promise<void> {
    return ipBatch([`addr add ${address}/${prefixLength} dev ${HOST_INTERFACE}`], host.namespace);
  }

  deleteAddress(host: LabHost, address: IpAddress, prefixLength: number): Promise<void> {
    return ipBatch([`addr del ${address}/${prefixLength} dev ${HOST_INTERFACE}`], host.namespace);
  }

  /** Where each address of the host is, loopback left out. */
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

  /** The directors that have the address on a link with a carrier. */
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

async function makeNetwork(layout: LabLayout): Promise<void> {
  await ipBatch(creationLines(layout));
  const machines = hostsOf(layout).map(async (host) => {
    await run('ip', ['netns', 'exec', host.namespace, 'sysctl', '-q', '-w', ...HOST_SYSCTLS]);
    const isOnPeerNetwork = layout.hasPeerNetwork && layout.directors.includes(host);
    const more = isOnPeerNetwork ? peerNetworkLines(host) : [];
    await ipBatch([...hostLines(host), ...more], host.namespace);
  });
  await Promise.all([ipBatch(switchLines(layout), layout.switchNamespace), ...machines]);
  await Promise.all(hostsOf(layout).map(operational));
}

/** The kernel may put off telling that a link has its carrier; a daemon started before sees a fault. */
function operational({ namespace }: LabHost): Promise<true> {
  return waitFor(`${HOST_INTERFACE} of ${namespace}`, async () => {
    const text = await run('ip', ['-n', namespace, '-brief', 'link', 'show', HOST_INTERFACE]);
    return / UP /.test(text);
  });
}
