/** Two directors that run the same program: lb1 with the higher priority, lb2 in its shadow. */

import { masterDownInterval } from '../../fsm/vrrp/timing.ts';
import type { Peer } from '../../src/lab/peers/peer.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { advertisementSource, type LabHost } from '../../src/lab/topology/layout.ts';
import { waitFor } from '../../src/lab/wait.ts';
import type { IpAddress } from '../../src/net/address.ts';
import { milliseconds } from '../../src/net/time.ts';
import { type NodeSpec, type RouterSpec, startContender } from './contender.ts';
import { wireDirectly } from './direct-wire.ts';
import { withLab } from './live-labs.ts';
import type { ContenderName } from './row.ts';

export const MASTER_PRIORITY = 150;
export const BACKUP_PRIORITY = 100;

export interface PairSpec extends Omit<NodeSpec, 'priority'> {
  /** A cable between the directors and no switch: what forwarding costs is not theirs. */
  readonly direct?: boolean;
}

export class Pair {
  readonly lab: Lab;
  readonly contender: ContenderName;
  readonly spec: PairSpec;
  readonly #peers = new Map<LabHost, Peer>();

  constructor(lab: Lab, contender: ContenderName, spec: PairSpec) {
    this.lab = lab;
    this.contender = contender;
    this.spec = spec;
  }

  get master(): LabHost {
    return this.lab.director(1);
  }

  get backup(): LabHost {
    return this.lab.director(2);
  }

  /** The first router's last: the one that clients use. */
  get address(): IpAddress {
    const address = this.spec.routers[0]?.addresses.at(-1);
    if (address === undefined) throw new Error('a pair needs an address');
    return address;
  }

  /** The routers of both hosts. */
  get shared(): readonly RouterSpec[] {
    return this.spec.routers.filter(({ aside }) => aside !== true);
  }

  /** Where the host's advertisements come from. */
  sourceOf(host: LabHost): IpAddress {
    return advertisementSource(host, this.address);
  }

  /** RFC 9568 section 6.1, of the BACKUP, in milliseconds. */
  get masterDownMilliseconds(): number {
    const { version = 3, intervalMilliseconds } = this.spec;
    const interval = milliseconds(intervalMilliseconds);
    return masterDownInterval(version, BACKUP_PRIORITY, interval) / 1_000;
  }

  peer(host: LabHost): Peer {
    const peer = this.#peers.get(host);
    if (peer === undefined) throw new Error(`nothing runs on ${host.name}`);
    return peer;
  }

  async start(host: LabHost): Promise<void> {
    const priority = host === this.master ? MASTER_PRIORITY : BACKUP_PRIORITY;
    const routers = this.spec.routers.filter(({ aside }) => aside !== true || host === this.backup);
    const spec = { ...this.spec, routers, priority };
    const peer = await startContender(this.contender, this.lab, host, spec);
    this.#peers.set(host, peer);
  }

  /** The host alone has every address. */
  async settled(on: LabHost): Promise<void> {
    const wanted = this.shared.flatMap(({ addresses }) => addresses);
    const other = on === this.master ? this.backup : this.master;
    const alone = async () => {
      const [held, lingering] = await Promise.all([this.#heldBy(on), this.#heldBy(other)]);
      return wanted.every((one) => held.has(one)) && !wanted.some((one) => lingering.has(one));
    };
    await waitFor(`${on.name} alone as MASTER`, alone, {
      milliseconds: 30_000 + 10 * this.spec.intervalMilliseconds,
      everyMilliseconds: 20,
    });
  }

  /** The machine dies: the switch loses the port first, so that nothing is said afterwards. */
  async crash(host: LabHost): Promise<void> {
    await this.lab.cut(host);
    await this.peer(host).kill();
  }

  async #heldBy(host: LabHost): Promise<Set<IpAddress>> {
    const addresses = await this.lab.addresses(host);
    return new Set(addresses.filter(({ carrier }) => carrier).map(({ address }) => address));
  }
}

/** A pair of the program in a lab of its own; lb1 is MASTER when the function is called. */
export function withPair(
  contender: ContenderName,
  spec: PairSpec,
  use: (pair: Pair) => Promise<void>,
): Promise<void> {
  return withLab(async (lab) => {
    if (spec.direct === true) await wireDirectly(lab);
    const pair = new Pair(lab, contender, spec);
    await Promise.all([pair.start(pair.master), pair.start(pair.backup)]);
    await pair.settled(pair.master);
    await use(pair);
  });
}
