/**
 * The kernel of one host: interfaces, addresses and change messages, as far as the agent can see
 * them. Outlives the process that uses it.
 */
import type { LinkSnapshot, RoutePort } from '../../src/kernel/ports.ts';
import {
  type Family,
  familyOf,
  type IpAddress,
  type MacAddress,
  mac,
} from '../../src/net/address.ts';
import type { KernelAnswer } from '../../src/net/kernel-answer.ts';
import type {
  AddressChange,
  AddressState,
  KernelChange,
  LinkAttributes,
  LinkEvent,
} from '../../src/net/link.ts';
import type { Prefix, PrefixRoute, RoutingChange } from '../../src/net/routing.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';
import { hasAddress, isConnectedByAddress, keyAndHopOf, placeOf, subnetOf } from './subnets.ts';

const ESRCH = 3;
const ENODEV = 19;
const EINVAL = 22;
const EEXIST = 17;
const EADDRNOTAVAIL = 99;
const ENOBUFS = 105;

/** A lifetime without end (<linux/if_addr.h>), and a moment that only such a one reaches. */
const FOREVER = 0xffffffff;
const FOREVER_AFTER = 1_000_000 * 1_000_000;

/** The longest delay of a change message. */
export const MONITOR_DELAY = 30_000;

/** How long duplicate address detection takes (RFC 4862 section 5.4: one probe, one second). */
const DETECTION_TIME = 1_000_000;

export interface SimLink {
  attributes: LinkAttributes;
  /** Index of the link that a macvlan shares the wire with. */
  readonly parent?: number;
  readonly addresses: Map<string, AddressState>;
}

export class SimKernel implements RoutePort {
  /** Address operations that fail although nothing is wrong with them. */
  refuses: 'nothing' | 'add' | 'remove' = 'nothing';
  /** promote_secondaries: a secondary replaces its primary, or is removed with it (ip-sysctl.rst). */
  promotesSecondaries = false;
  /** The default gateway of every link. */
  defaultGateways: Readonly<Record<Family, IpAddress>> | undefined;
  /** Foreign addresses that were removed with one of the agent's. */
  readonly casualties: IpAddress[] = [];
  /** How often another program has undone what the agent did. */
  undoings = 0;
  /** Routes and rules of the agent, by `placeOf`. */
  readonly routing = new Map<string, RoutingChange>();
  readonly #clock: Clock;
  readonly #random: Random;
  /** Called when data becomes readable. */
  readonly #readable: () => void;
  readonly #links = new Map<number, SimLink>();
  readonly #lifetimes = new WeakMap<AddressState, number>();
  /** How late it may remove an address whose lifetime has ended. */
  expiresLate = 0;
  #messages: { readonly at: number; readonly event: LinkEvent }[] = [];
  #overrun = false;
  #nextIndex = 2;

  constructor(clock: Clock, random: Random, readable: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#readable = readable;
  }

  // Operations of the administrator.

  createLink(name: string): number {
    const index = this.#nextIndex++;
    const address = mac(`02:00:00:00:00:${index.toString(16).padStart(2, '0')}`);
    const attributes = { index, name, mac: address, mtu: 1500, running: true };
    this.#links.set(index, { attributes, addresses: new Map() });
    this.#notify({ kind: 'link.changed', link: attributes });
    return index;
  }

  /** A new link is down. False: the parent link does not exist. */
  createMacvlan(name: string, parentName: string, address: MacAddress): boolean {
    const parent = this.#byName(parentName)?.attributes.index;
    if (parent === undefined) return false;
    if (this.#byName(name) !== undefined) return true;
    const index = this.#nextIndex++;
    const attributes = { index, name, mac: address, mtu: 1500, running: false, up: false };
    this.#links.set(index, { attributes, parent, addresses: new Map() });
    this.#notify({ kind: 'link.changed', link: attributes });
    return true;
  }

  setDown(name: string): void {
    const link = this.#byName(name);
    if (link?.attributes.up !== true) return;
    this.#change(link, { up: false, running: false });
    this.#dropIpv6(link);
  }

  setMac(name: string, address: MacAddress): void {
    const link = this.#byName(name);
    if (link !== undefined) this.#change(link, { mac: address });
  }

  /** Makes the link a port of a bridge, which gets its packets. */
  setPortOf(name: string, bridge: number): void {
    const link = this.#byName(name);
    if (link !== undefined) this.#change(link, { portOf: bridge });
  }

  releasePort(name: string): void {
    const link = this.#byName(name);
    if (link?.attributes.portOf === undefined) return;
    const { portOf: _, ...attributes } = link.attributes;
    link.attributes = attributes;
    this.#change(link, {});
  }

  isPort(name: string): boolean {
    return this.#byName(name)?.attributes.portOf !== undefined;
  }

  indexOf(name: string): number | undefined {
    return this.#byName(name)?.attributes.index;
  }

  isUp(name: string): boolean {
    return this.#byName(name)?.attributes.up === true;
  }

  /** Removes its macvlans, too. */
  removeLink(name: string): void {
    const link = this.#byName(name);
    if (link === undefined) return;
    const { index } = link.attributes;
    for (const child of this.#childrenOf(index)) this.removeLink(child.attributes.name);
    for (const state of [...link.addresses.values()]) this.#drop(link, state);
    this.#dropRoutes(index);
    this.#links.delete(index);
    this.#notify({ kind: 'link.removed', index });
  }

  /** The kernel removes IPv6 addresses when an interface goes down. */
  setRunning(name: string, running: boolean): void {
    const link = this.#byName(name);
    if (link === undefined || link.attributes.running === running) return;
    this.#change(link, { running });
    for (const child of this.#childrenOf(link.attributes.index)) {
      if (child.attributes.up === true) this.#change(child, { running });
    }
    if (running) return;
    this.#dropRoutes(link.attributes.index);
    this.#dropIpv6(link);
  }

  /** Duplicate address detection runs before an IPv6 address is usable. */
  addAddress(name: string, address: IpAddress, prefixLength: number, ours = false): void {
    const link = this.#byName(name);
    if (link === undefined) return;
    const tentative = familyOf(address) === 'ipv6';
    const state = { address, prefixLength, ours, tentative, duplicate: false };
    if (this.#sameOn(link, state) !== undefined) return;
    this.#put(link, state);
    if (!tentative) return;
    this.#clock.after(DETECTION_TIME, () => {
      if (link.addresses.get(keyOf(state)) === state)
        this.#put(link, { ...state, tentative: false });
    });
  }

  removeAddress(name: string, address: IpAddress, prefixLength: number): void {
    const link = this.#byName(name);
    const state = link?.addresses.get(keyOf({ address, prefixLength }));
    if (link !== undefined && state !== undefined) this.#delete(link, state);
  }

  removeRouting(place: string): void {
    const change = this.routing.get(place);
    if (change === undefined) return;
    this.routing.delete(place);
    this.#notify({ kind: 'routing.removed', ...keyAndHopOf(change) });
  }

  /** True if an address, or a route of the agent, connects the prefix. */
  isConnected(name: string, prefix: Prefix): boolean {
    const link = this.#byName(name);
    if (link === undefined) return false;
    const { address, length } = prefix;
    const routes = this.connectedRoutes(name);
    return (
      isConnectedByAddress(link.addresses.values(), prefix) ||
      routes.some((one) => one.address === address && one.length === length)
    );
  }

  /** Prefixes that routes of the agent connect. */
  connectedRoutes(name: string): Prefix[] {
    return [...this.routing.values()].flatMap(({ entry }) => {
      const isConnected = entry.kind === 'route' && entry.connected === true;
      return isConnected && entry.interface === name ? [entry.destination] : [];
    });
  }

  has(name: string, address: IpAddress, prefixLength: number): boolean {
    return this.#byName(name)?.addresses.has(keyOf({ address, prefixLength })) ?? false;
  }

  /** An address with the mark of the agent. */
  hasMarked(name: string, address: IpAddress, prefixLength: number): boolean {
    return this.#byName(name)?.addresses.get(keyOf({ address, prefixLength }))?.ours ?? false;
  }

  /** An address that the agent did not add. */
  hasOwnAddress(name: string, family: Family): boolean {
    const addresses = [...(this.#byName(name)?.addresses.values() ?? [])];
    return addresses.some(({ address, ours }) => !ours && familyOf(address) === family);
  }

  isRunning(name: string): boolean {
    return this.#byName(name)?.attributes.running ?? false;
  }

  /** Loses change messages: the next read reports that (ENOBUFS). */
  overrun(): void {
    this.#messages = [];
    this.#overrun = true;
    this.#readable();
  }

  byIndex(index: number): SimLink | undefined {
    return this.#links.get(index);
  }

  links(): IterableIterator<SimLink> {
    return this.#links.values();
  }

  get isReadable(): boolean {
    return this.#overrun || (this.#messages[0]?.at ?? Infinity) <= this.#clock.now;
  }

  // RoutePort.

  drain(sink: (event: LinkEvent) => void): 'drained' | 'overrun' {
    if (this.#overrun) {
      this.#overrun = false;
      return 'overrun';
    }
    while ((this.#messages[0]?.at ?? Infinity) <= this.#clock.now) {
      const message = this.#messages.shift();
      if (message !== undefined) sink(message.event);
    }
    return 'drained';
  }

  close(): void {
    this.#messages = [];
    this.#overrun = false;
  }

  changeKernel(changes: readonly KernelChange[]): KernelAnswer[] {
    return changes.map((change) => {
      const errno = 'entry' in change ? this.#changeRouting(change) : this.#changeAddress(change);
      return { errno, text: undefined };
    });
  }

  clearRouting(): string[] {
    const left = [...this.routing.keys()];
    this.routing.clear();
    return left;
  }

  #changeRouting(change: RoutingChange): number {
    const { operation, entry, index } = change;
    const place = placeOf(change);
    const link = this.#links.get(index);
    if (entry.kind === 'route' && link === undefined) return ENODEV;
    if (this.refuses === operation) return ENOBUFS;
    const present = this.routing.has(place);
    if (operation === 'add') {
      if (present) return EEXIST;
      const source = entry.kind === 'route' ? entry.source : undefined;
      if (source !== undefined && !hasAddress(link?.addresses.values() ?? [], source))
        return EINVAL;
      this.routing.set(place, change);
      this.#notify({ kind: 'routing.added', ...keyAndHopOf(change) });
    } else {
      if (!present) return ESRCH;
      this.removeRouting(place);
    }
    return 0;
  }

  /** The kernel removes IPv4 routes with their link, without a message. */
  #dropRoutes(gone: number): void {
    for (const [key, { entry, index }] of this.routing) {
      if (entry.kind === 'rule' || index !== gone) continue;
      if (entry.family === 'ipv4') this.routing.delete(key);
      else this.removeRouting(key);
    }
  }

  #changeAddress(change: AddressChange): number {
    const link = this.#links.get(change.index);
    if (link === undefined) return ENODEV;
    if (this.refuses === change.operation) return ENOBUFS;
    const { address, prefixLength } = change;
    const present = link.addresses.get(keyOf(change));
    if (change.operation === 'add') {
      if (this.#sameOn(link, change) !== undefined) return EEXIST;
      const state = { address, prefixLength, ours: true, tentative: false, duplicate: false };
      this.#put(link, state);
      this.#limit(link, state, change.lifetime);
    } else if (change.operation === 'renew') {
      if (present !== undefined) this.#limit(link, present, change.lifetime);
    } else {
      if (present === undefined) return EADDRNOTAVAIL;
      if (!present.ours) this.casualties.push(address);
      this.#delete(link, present);
    }
    return 0;
  }

  claim(): boolean {
    return false;
  }

  setLinksUp(indexes: readonly number[]): KernelAnswer[] {
    return indexes.map((index) => {
      const link = this.#links.get(index);
      if (link === undefined) return { errno: ENODEV, text: undefined };
      const running = this.#links.get(link.parent ?? index)?.attributes.running ?? false;
      this.#change(link, { up: true, running });
      return { errno: 0, text: undefined };
    });
  }

  /** Removes the address at the end of its lifetime, unless it was renewed. */
  #limit(link: SimLink, state: AddressState, lifetime: number | undefined): void {
    const key = keyOf(state);
    const late = this.expiresLate === 0 ? 0 : this.#clock.now % this.expiresLate;
    const until = this.#clock.now + (lifetime ?? FOREVER) * 1_000_000 + late;
    this.#lifetimes.set(state, until);
    if (until > FOREVER_AFTER) return;
    this.#clock.after(until - this.#clock.now, () => {
      if (link.addresses.get(key) === state && this.#lifetimes.get(state) === until) {
        this.#delete(link, state);
      }
    });
  }

  /** IPv4 identifies addresses by address and prefix length, IPv6 by address. */
  #sameOn(link: SimLink, one: Pick<AddressState, 'address' | 'prefixLength'>) {
    if (familyOf(one.address) === 'ipv4') return link.addresses.get(keyOf(one));
    return [...link.addresses.values()].find(({ address }) => address === one.address);
  }

  /** A primary IPv4 address takes its secondaries along (__inet_del_ifa in net/ipv4/devinet.c). */
  #delete(link: SimLink, state: AddressState): void {
    const subnet = subnetOf(link.addresses.values(), state);
    this.#drop(link, state);
    this.#dropRoutesFrom(link, state.address);
    if (this.promotesSecondaries || subnet[0] !== state) return;
    for (const one of subnet.slice(1)) {
      if (state.ours && !one.ours) this.casualties.push(one.address);
      this.#drop(link, one);
      this.#dropRoutesFrom(link, one.address);
    }
  }

  /** The kernel removes IPv4 routes with their source, without a message (fib_sync_down_addr). */
  #dropRoutesFrom(link: SimLink, gone: IpAddress): void {
    if (hasAddress(link.addresses.values(), gone)) return;
    for (const [place, { entry }] of this.routing) {
      if (entry.kind === 'route' && entry.family === 'ipv4' && entry.source === gone) {
        this.routing.delete(place);
      }
    }
  }

  gateway(_index: number, family: Family): IpAddress | null {
    return this.defaultGateways?.[family] ?? null;
  }

  /** Nothing removes the routes of the host here. */
  prefixRoute(): PrefixRoute {
    return 'other';
  }

  /** A link carries frames. */
  get isConnectedToWire(): boolean {
    return [...this.#links.values()].some(({ attributes }) => attributes.running);
  }

  /** An address that answers ARP. */
  answersFor(address: IpAddress): boolean {
    for (const { attributes, addresses } of this.#links.values()) {
      if (attributes.running && hasAddress(addresses.values(), address)) return true;
    }
    return false;
  }

  snapshot(): LinkSnapshot {
    this.#messages = [];
    const links = [...this.#links.values()].map(({ attributes, addresses }) => ({
      ...attributes,
      addresses: [...addresses.values()],
    }));
    return { links, complete: true };
  }

  #put(link: SimLink, state: AddressState): void {
    link.addresses.set(keyOf(state), state);
    this.#notify({ kind: 'address.added', index: link.attributes.index, address: state });
  }

  #drop(link: SimLink, { address, prefixLength }: AddressState): void {
    link.addresses.delete(keyOf({ address, prefixLength }));
    const { index } = link.attributes;
    this.#notify({ kind: 'address.removed', index, address, prefixLength });
  }

  /** Messages keep their order, and arrive after the answer to the request. */
  #notify(event: LinkEvent): void {
    const last = this.#messages.at(-1)?.at ?? 0;
    const at = Math.max(last, this.#clock.now + this.#random.integer(10, MONITOR_DELAY));
    this.#messages.push({ at, event });
    this.#clock.after(at - this.#clock.now, () => this.#readable());
  }

  #change(link: SimLink, what: Partial<LinkAttributes>): void {
    link.attributes = { ...link.attributes, ...what };
    this.#notify({ kind: 'link.changed', link: link.attributes });
  }

  #childrenOf(index: number): SimLink[] {
    return [...this.#links.values()].filter(({ parent }) => parent === index);
  }

  #dropIpv6(link: SimLink): void {
    for (const state of [...link.addresses.values()]) {
      if (familyOf(state.address) === 'ipv6') this.#drop(link, state);
    }
  }

  #byName(name: string): SimLink | undefined {
    for (const link of this.#links.values()) if (link.attributes.name === name) return link;
    return undefined;
  }
}

function keyOf(address: { readonly address: IpAddress; readonly prefixLength: number }): string {
  return `${address.address}/${address.prefixLength}`;
}
