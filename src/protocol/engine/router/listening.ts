/** Which sockets are wanted: one for each (interface, family) with routers, one for each with VIPs. */
import type { Family, IpAddress } from '../../../net/address.ts';
import { isSame } from '../../../net/equality.ts';
import type { LinkTable } from '../links.ts';
import type { Outbox } from '../outbox.ts';
import type { VirtualRouter } from './virtual-router.ts';

interface Asked {
  readonly index: number;
  readonly family: Family;
  readonly vrids: readonly number[];
}

export class Listening {
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  /** Receive sockets that were asked for, by interface name and family. */
  readonly #asked = new Map<string, Asked>();
  /** Addresses whose claims are heard, by interface. */
  readonly #watching = new Map<number, readonly IpAddress[]>();

  constructor(links: LinkTable, outbox: Outbox) {
    this.#links = links;
    this.#outbox = outbox;
  }

  /** Asks for what the present links make possible, and gives up what they do not. */
  update(routers: readonly VirtualRouter[]): void {
    this.#updateReceivers(routers);
    this.#updateClaims(routers);
  }

  /** A socket could not be opened: the next `update` asks again. */
  forget(index: number): void {
    for (const [key, asked] of this.#asked) if (asked.index === index) this.#asked.delete(key);
  }

  #updateReceivers(routers: readonly VirtualRouter[]): void {
    const wanted = new Map<string, Asked & { readonly name: string; readonly vrids: number[] }>();
    for (const { index, family, settings } of routers) {
      if (index === undefined) continue;
      const key = `${settings.interface} ${family}`;
      const known = wanted.get(key);
      if (known !== undefined) known.vrids.push(settings.vrid);
      else wanted.set(key, { index, family, name: settings.interface, vrids: [settings.vrid] });
    }
    for (const [key, { index, family }] of this.#asked) {
      if (wanted.get(key)?.index === index) continue;
      this.#outbox.first({ kind: 'unlisten', index, family });
      this.#asked.delete(key);
    }
    for (const [key, receiver] of wanted) {
      const asked = this.#asked.get(key);
      if (asked !== undefined && isSame(asked.vrids, receiver.vrids)) continue;
      this.#asked.set(key, receiver);
      this.#outbox.first({ kind: 'listen', ...receiver });
    }
  }

  #updateClaims(routers: readonly VirtualRouter[]): void {
    const wanted = new Map<number, IpAddress[]>();
    for (const router of routers) {
      for (const managed of router.addresses) {
        const { address } = managed;
        const index = this.#links.byName(router.wireOf(managed))?.attributes.index;
        if (index === undefined) continue;
        const addresses = wanted.get(index);
        if (addresses === undefined) wanted.set(index, [address]);
        else addresses.push(address);
      }
    }
    for (const index of this.#watching.keys()) {
      if (wanted.has(index)) continue;
      this.#watching.delete(index);
      this.#outbox.first({ kind: 'claims.watch', index, addresses: [] });
    }
    for (const [index, addresses] of wanted) {
      if (isSame(this.#watching.get(index), addresses)) continue;
      this.#watching.set(index, addresses);
      this.#outbox.first({ kind: 'claims.watch', index, addresses });
    }
  }
}
