/**
 * The sockets that the routers need: one per (interface, family) for VRRP, and one per interface with
 * VIPs for the claims of other hosts, and for the answers of unicast peers.
 */
import type { Family, IpAddress } from '../../../net/address.ts';
import { isSame } from '../../../net/equality.ts';
import type { AddressClaim, LinkEvent } from '../../../net/link.ts';
import type { Outbox } from '../core/outbox.ts';
import type { LinkTable } from '../links.ts';
import { groupOf } from '../settings.ts';
import type { VirtualRouter } from './virtual-router.ts';
import type { VridSurvey } from './vrid-survey.ts';

/**
 * With a smaller MTU the kernel ends the family on the link, and with it the membership of every socket there,
 * which hears no multicast from then on, however large the MTU is (inetdev_event, addrconf_notify).
 */
const LEAST_MTU: { readonly [F in Family]: number } = { ipv4: 68, ipv6: 1_280 };

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

const ALL_VRIDS: readonly number[] = Array.from({ length: 255 }, (_, before) => before + 1);

interface Receiver {
  readonly index: number;
  readonly family: Family;
  readonly vrids: readonly number[];
  readonly groups: readonly IpAddress[];
}

export class Listening {
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  readonly #survey: VridSurvey;
  /** Requested receive sockets, by interface name and family. */
  readonly #requested = new Map<string, Receiver>();
  /** Addresses whose claims are reported, by interface. */
  readonly #watching = new Map<number, readonly IpAddress[]>();

  /** Hosts whose answers are awaited. */
  #asked: readonly Pick<AddressClaim, 'index' | 'address'>[] = [];

  constructor(links: LinkTable, outbox: Outbox, survey: VridSurvey) {
    this.#links = links;
    this.#outbox = outbox;
    this.#survey = survey;
  }

  /** Requests the sockets that the present links allow, and closes the others. */
  update(routers: readonly VirtualRouter[]): void {
    this.#updateReceivers(routers);
    this.#updateClaims(routers);
  }

  /** Lets the answers of these hosts through, too; replaces the former list. */
  watchAlso(
    hosts: Iterable<Pick<AddressClaim, 'index' | 'address'>>,
    routers: readonly VirtualRouter[],
  ): void {
    this.#asked = [...hosts];
    this.#updateClaims(routers);
  }

  /** Closes the sockets that hear no more: the next `update` requests others. Call before the table changes. */
  notice(event: LinkEvent): void {
    if (event.kind === 'link.removed') {
      // The link may be back by then, with its index: from another network namespace.
      this.#close(event.index, FAMILIES);
      if (!this.#watching.delete(event.index)) return;
      this.#outbox.first({ kind: 'claims.watch', index: event.index, addresses: [] });
    } else if (event.kind === 'link.changed') {
      const { index, mtu } = event.link;
      const before = this.#links.byIndex(index)?.attributes.mtu ?? mtu;
      const isBack = (family: Family) => before < LEAST_MTU[family] && mtu >= LEAST_MTU[family];
      this.#close(index, FAMILIES.filter(isBack));
    }
  }

  #close(index: number, families: readonly Family[]): void {
    for (const [key, { index: own, family }] of this.#requested) {
      if (own !== index || !families.includes(family)) continue;
      this.#requested.delete(key);
      this.#outbox.first({ kind: 'unlisten', index, family });
    }
  }

  /** A socket could not be opened: the next `update` requests it again. */
  forget(index: number): void {
    for (const [key, receiver] of this.#requested) {
      if (receiver.index === index) this.#requested.delete(key);
    }
  }

  #updateReceivers(routers: readonly VirtualRouter[]): void {
    const wanted = new Map<
      string,
      Receiver & { readonly name: string; readonly vrids: number[]; readonly groups: IpAddress[] }
    >();
    for (const { index, family, settings } of routers) {
      if (index === undefined) continue;
      const key = `${settings.interface} ${family}`;
      const known = wanted.get(key);
      const vrids = this.#survey.covers(index) ? [...ALL_VRIDS] : [settings.vrid];
      const group = groupOf(settings);
      if (known === undefined) {
        wanted.set(key, { index, family, name: settings.interface, vrids, groups: [group] });
        continue;
      }
      if (known.vrids.length < ALL_VRIDS.length) known.vrids.push(settings.vrid);
      if (!known.groups.includes(group)) known.groups.push(group);
    }
    for (const [key, { index, family }] of this.#requested) {
      if (wanted.get(key)?.index === index) continue;
      this.#outbox.first({ kind: 'unlisten', index, family });
      this.#requested.delete(key);
    }
    for (const [key, receiver] of wanted) {
      const asked = this.#requested.get(key);
      if (asked !== undefined && isSame(asked, receiver)) continue;
      this.#requested.set(key, receiver);
      this.#outbox.first({ kind: 'listen', ...receiver });
    }
  }

  #updateClaims(routers: readonly VirtualRouter[]): void {
    const wanted = new Map<number, IpAddress[]>();
    const want = (index: number | undefined, address: IpAddress) => {
      if (index === undefined) return;
      const addresses = wanted.get(index);
      if (addresses === undefined) wanted.set(index, [address]);
      else addresses.push(address);
    };
    for (const router of routers) {
      for (const managed of router.addresses) {
        want(this.#links.byName(router.wireOf(managed))?.attributes.index, managed.address);
      }
      for (const peer of router.settings.unicast?.peers ?? []) want(router.index, peer.address);
    }
    for (const { index, address } of this.#asked) want(index, address);
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
