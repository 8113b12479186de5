/** Which sockets are wanted: one for each (interface, family) with routers, one for each with VIPs. */
import type { Family, IpAddress } from '../net/address.ts';
import type { LinkTable } from './links.ts';
import type { Outbox } from './outbox.ts';
import type { VirtualRouter } from './virtual-router.ts';

interface Asked {
  readonly index: number;
  readonly family: Family;
}

export class Listening {
  readonly #routers: readonly VirtualRouter[];
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  /** Receive sockets that were asked for, by interface name and family. */
  readonly #asked = new Map<string, Asked>();
  /** Interfaces on which claims are heard. */
  readonly #watching = new Set<number>();

  constructor(routers: readonly VirtualRouter[], links: LinkTable, outbox: Outbox) {
    this.#routers = routers;
    this.#links = links;
    this.#outbox = outbox;
  }

  /** Asks for what the present links make possible, and gives up what they do not. */
  update(): void {
    this.#updateReceivers();
    this.#updateClaims();
  }

  /** A socket could not be opened: the next `update` asks again. */
  forget(index: number): void {
    for (const [key, asked] of this.#asked) if (asked.index === index) this.#asked.delete(key);
  }

  #updateReceivers(): void {
    const wanted = new Map<string, VirtualRouter[]>();
    for (const router of this.#routers) {
      const key = `${router.settings.interface} ${router.family}`;
      if (router.index !== undefined) wanted.set(key, [...(wanted.get(key) ?? []), router]);
    }
    for (const [key, { index, family }] of this.#asked) {
      if (wanted.get(key)?.[0]?.index === index) continue;
      this.#outbox.first({ kind: 'unlisten', index, family });
      this.#asked.delete(key);
    }
    for (const [key, routers] of wanted) {
      const [first] = routers;
      if (first?.index === undefined || this.#asked.has(key)) continue;
      const { index, family } = first;
      this.#asked.set(key, { index, family });
      const vrids = routers.map((router) => router.settings.vrid);
      this.#outbox.first({ kind: 'listen', index, name: first.settings.interface, family, vrids });
    }
  }

  #updateClaims(): void {
    const wanted = new Map<number, IpAddress[]>();
    for (const router of this.#routers) {
      for (const { address, interface: name } of router.addresses) {
        const index = this.#links.byName(name)?.attributes.index;
        if (index === undefined) continue;
        const addresses = wanted.get(index);
        if (addresses === undefined) wanted.set(index, [address]);
        else addresses.push(address);
      }
    }
    for (const index of this.#watching) {
      if (wanted.has(index)) continue;
      this.#watching.delete(index);
      this.#outbox.first({ kind: 'claims.watch', index, addresses: [] });
    }
    for (const [index, addresses] of wanted) {
      if (this.#watching.has(index)) continue;
      this.#watching.add(index);
      this.#outbox.first({ kind: 'claims.watch', index, addresses });
    }
  }
}
