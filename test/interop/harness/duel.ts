/** Two programs on one segment, one of which is to be MASTER. */
import { Capture } from '../../../src/lab/packets/capture.ts';
import type { Peer } from '../../../src/lab/peers/peer.ts';
import type { Lab } from '../../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../../src/lab/wait.ts';
import { addressBits, familyOf, type IpAddress } from '../../../src/net/address.ts';
import { advertisersAfter, clientReaches, holdsAlone } from './master.ts';

export class Contestant {
  readonly host: LabHost;
  readonly #start: (host: LabHost) => Promise<Peer>;
  #peer: Peer | undefined;

  constructor(host: LabHost, start: (host: LabHost) => Promise<Peer>) {
    this.host = host;
    this.#start = start;
  }

  /** Resolves once the program receives all packets, such as priority 0. */
  async start(): Promise<void> {
    this.#peer = await this.#start(this.host);
    await this.#peer.ready();
  }

  get peer(): Peer {
    if (this.#peer === undefined) throw new Error(`nothing runs on ${this.host.name}`);
    return this.#peer;
  }
}

export class Duel {
  readonly lab: Lab;
  readonly address: IpAddress;

  #owned = false;

  constructor(lab: Lab, address: IpAddress) {
    this.lab = lab;
    this.address = address;
  }

  /**
   * Configures the address on the host, independently of VRRP. It must not be the source of
   * advertisements: Linux discards packets from its own addresses, so a BACKUP that has taken over
   * such an address would never hear the owner again.
   */
  async ownedBy({ host }: Contestant): Promise<void> {
    await this.lab.addAddress(host, this.address, 32);
    this.#owned = true;
  }

  async start(...contestants: Contestant[]): Promise<void> {
    await Promise.all(contestants.map((contestant) => contestant.start()));
  }

  /** Resolves once only this host has the address, and the client gets answers. */
  async isMaster({ host }: Contestant): Promise<void> {
    await holdsAlone(this.lab, host, this.address, 20_000);
    await waitFor(`an answer from ${this.address}`, () => clientReaches(this.lab, this.address));
  }

  /** The machine dies: link, program and addresses are gone. */
  async crash({ host, peer }: Contestant): Promise<void> {
    await this.lab.cut(host);
    await peer.kill();
    if (this.#owned) return;
    const left = (await this.lab.addresses(host)).some(
      ({ address, interfaceName }) => address === this.address && interfaceName === HOST_INTERFACE,
    );
    if (!left) return;
    const prefixLength = addressBits(familyOf(this.address));
    await this.lab.deleteAddress(host, this.address, prefixLength);
  }

  async comeBack(contestant: Contestant): Promise<void> {
    await this.lab.restore(contestant.host);
    await contestant.start();
  }

  /** Sources of advertisements in the span. */
  async advertisers(milliseconds: number): Promise<Set<IpAddress>> {
    const capture = await this.capture();
    await sleep(milliseconds);
    return advertisersAfter(await capture.stop(), 0);
  }

  capture(): Promise<Capture> {
    return Capture.start(this.lab, { filter: 'proto 112 or ip6 proto 112 or arp' });
  }
}
