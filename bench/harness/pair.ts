/** Two directors that run the same program: lb1 has the higher priority. */

import { masterDownInterval } from '../../fsm/vrrp/timing.ts';
import { ControlClient } from '../../src/control/client.ts';
import type { Peer } from '../../src/lab/peers/peer.ts';
import { agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { type PeerLinkKeys, peerLinkOf } from '../../src/lab/scenario/peer-link.ts';
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
  /** A cable instead of a switch, whose forwarding would cost CPU time. */
  readonly direct?: boolean;
  /** Of vrrp-agent: the directors have a second network, and the client as their gateway. */
  readonly peerLink?: PeerLinkKeys;
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

  /** The last address of the first router, which clients use. */
  get address(): IpAddress {
    const address = this.spec.routers[0]?.addresses.at(-1);
    if (address === undefined) throw new Error('a pair needs an address');
    return address;
  }

  /** The routers that both hosts have. */
  get shared(): readonly RouterSpec[] {
    return this.spec.routers.filter(({ aside }) => aside !== true);
  }

  /** Source address of the host's advertisements. */
  sourceOf(host: LabHost): IpAddress {
    return advertisementSource(host, this.address);
  }

  /** Master_Down_Interval of the BACKUP in milliseconds (RFC 9568 section 6.1). */
  get masterDownMilliseconds(): number {
    const { version = 3, intervalMilliseconds } = this.spec;
    const interval = milliseconds(intervalMilliseconds);
    return masterDownInterval(version, BACKUP_PRIORITY, interval) / 1_000;
  }

  peer(host: LabHost): Peer {
    const peer = this.#peers.get(host);
    if (peer === undefined) throw new Error(`no program runs on ${host.name}`);
    return peer;
  }

  async start(host: LabHost): Promise<void> {
    const priority = host === this.master ? MASTER_PRIORITY : BACKUP_PRIORITY;
    const routers = this.spec.routers.filter(({ aside }) => aside !== true || host === this.backup);
    const spec = { ...this.spec, routers, priority, agentKeys: this.#agentKeys(host) };
    const peer = await startContender(this.contender, this.lab, host, spec);
    this.#peers.set(host, peer);
  }

  /** Resolves once this host, and not the other, has every shared address. */
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

  /** Resolves once the agent on this host sees the other director over the peer link. */
  async linkUp(host: LabHost): Promise<void> {
    const client = new ControlClient({ socket: agentSocket(this.lab, host) });
    await waitFor(`the peer link of ${host.name}`, async () => {
      const { directors } = await client.peers();
      return directors.every(({ state }) => state === 'up');
    });
  }

  /** Cuts the link first, so that the program cannot send anything while it is killed. */
  async crash(host: LabHost): Promise<void> {
    await this.lab.cut(host);
    await this.peer(host).kill();
  }

  #agentKeys(host: LabHost): Readonly<Record<string, unknown>> {
    const { agentKeys = {}, peerLink } = this.spec;
    if (peerLink === undefined) return agentKeys;
    return { ...agentKeys, peer_link: peerLinkOf(peerLink, host, this.lab.layout.directors) };
  }

  async #heldBy(host: LabHost): Promise<Set<IpAddress>> {
    const addresses = await this.lab.addresses(host);
    return new Set(addresses.filter(({ carrier }) => carrier).map(({ address }) => address));
  }
}

/** Runs a pair in a new lab; calls the function once lb1 is MASTER. */
export function withPair(
  contender: ContenderName,
  spec: PairSpec,
  use: (pair: Pair) => Promise<void>,
): Promise<void> {
  const networks = spec.peerLink === undefined ? {} : { peerNetwork: true, gateway: true };
  return withLab(async (lab) => {
    if (spec.direct === true) await wireDirectly(lab);
    const pair = new Pair(lab, contender, spec);
    await Promise.all([pair.start(pair.master), pair.start(pair.backup)]);
    await pair.settled(pair.master);
    await use(pair);
  }, networks);
}
