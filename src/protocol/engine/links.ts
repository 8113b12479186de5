/** The kernel's interfaces and addresses as last reported: the actual state, not the desired one. */
import { familyOf, type IpAddress, ip, networkOf } from '../../net/address.ts';
import type { AddressState, LinkAttributes, LinkEvent, LinkState } from '../../net/link.ts';
import { isWide, prefixOf } from '../../net/prefixes.ts';
import type { Prefix } from '../../net/routing.ts';

export interface Link {
  attributes: LinkAttributes;
  /** By `addressKey`: the kernel distinguishes addresses by address and prefix length. */
  readonly addresses: Map<string, AddressState>;
  /** Prefixes of addresses that are not ours; undefined until computed. */
  prefixes: ReadonlySet<string> | undefined;
  /** Those of them to which the kernel has no route by this link. */
  readonly unrouted: Set<string>;
}

export function addressKey(address: IpAddress, prefixLength: number): string {
  return `${address}/${prefixLength}`;
}

export class LinkTable {
  readonly #links = new Map<number, Link>();
  readonly #indexes = new Map<string, number>();
  /** Usable addresses that are not ours, of all links; undefined until derived. */
  #own: ReadonlySet<IpAddress> | undefined;

  byIndex(index: number): Link | undefined {
    return this.#links.get(index);
  }

  byName(name: string): Link | undefined {
    const index = this.#indexes.get(name);
    return index === undefined ? undefined : this.#links.get(index);
  }

  /** True if the prefix is on-link through an address that is not ours. */
  hasPrefix(name: string, { address, length }: Prefix): boolean {
    const link = this.byName(name);
    const key = addressKey(address, length);
    return link !== undefined && prefixesOf(link).has(key) && !link.unrouted.has(key);
  }

  /** True if a prefix has no route. */
  get lacksRoutes(): boolean {
    return [...this.#links.values()].some(({ unrouted }) => unrouted.size > 0);
  }

  /** Addresses of the link that are not ours, and whose prefix the kernel does not reach by it. */
  unroutedOn(name: string): AddressState[] {
    const link = this.byName(name);
    if (link === undefined || link.unrouted.size === 0 || !link.attributes.running) return [];
    return [...link.addresses.values()].filter(
      (one) => !one.ours && link.unrouted.has(prefixKey(one)),
    );
  }

  /** The kernel has a route to the prefix, or none; returns whether that is news. */
  setRouted(index: number, { address, length }: Prefix, routed: boolean): boolean {
    const link = this.#links.get(index);
    if (link === undefined) return false;
    const key = addressKey(address, length);
    if (routed) return link.unrouted.delete(key);
    if (link.unrouted.has(key) || !prefixesOf(link).has(key)) return false;
    link.unrouted.add(key);
    return true;
  }

  /** True if this host has the address on any link, usable and not from this program. */
  isOwn(address: IpAddress): boolean {
    this.#own ??= new Set([...this.#links.values()].flatMap(ownAddresses));
    return this.#own.has(address);
  }

  /** Those on which the address is on-link through an address that is not ours. */
  reaching(address: IpAddress): readonly Link[] {
    const isNear = ({ address: own, prefixLength }: AddressState) =>
      familyOf(own) === familyOf(address) &&
      networkOf(own, prefixLength) === networkOf(address, prefixLength);
    return [...this.#links.values()].filter(({ addresses }) =>
      [...addresses.values()].some((one) => !one.ours && isWide(one) && isNear(one)),
    );
  }

  all(): Iterable<Link> {
    return this.#links.values();
  }

  /** What `replace` would make this table from. */
  states(): LinkState[] {
    return [...this.#links.values()].map(({ attributes, addresses, unrouted }) => ({
      ...attributes,
      addresses: [...addresses.values()],
      ...(unrouted.size === 0 ? {} : { unrouted: [...unrouted].map(prefixFrom) }),
    }));
  }

  replace(links: readonly LinkState[]): void {
    this.#own = undefined;
    this.#links.clear();
    this.#indexes.clear();
    for (const { addresses, unrouted = [], ...attributes } of links) {
      const { index } = attributes;
      this.change(attributes);
      for (const address of addresses) this.addAddress(index, address);
      for (const prefix of unrouted) this.setRouted(index, prefix, false);
    }
  }

  /** Returns what has changed, if anything. */
  apply(
    event: Exclude<LinkEvent, { readonly key: string } | { readonly prefix: Prefix }>,
  ): 'links' | 'addresses' | undefined {
    switch (event.kind) {
      case 'link.changed':
        this.change(event.link);
        return 'links';
      case 'link.removed':
        this.remove(event.index);
        return 'links';
      case 'forwarding.changed':
        this.setForwarding(event.index, event.forwarding);
        return 'links';
      case 'address.added':
        return this.addAddress(event.index, event.address) ? 'addresses' : undefined;
      case 'address.removed':
        return this.removeAddress(event.index, event.address, event.prefixLength)
          ? 'addresses'
          : undefined;
    }
  }

  change(attributes: LinkAttributes): void {
    const link = this.#links.get(attributes.index);
    if (link === undefined) {
      const empty = { addresses: new Map(), prefixes: undefined, unrouted: new Set<string>() };
      this.#links.set(attributes.index, { attributes, ...empty });
    } else {
      const { forwarding } = link.attributes;
      if (this.#indexes.get(link.attributes.name) === attributes.index) {
        this.#indexes.delete(link.attributes.name);
      }
      link.attributes = forwarding === undefined ? attributes : { forwarding, ...attributes };
    }
    this.#indexes.set(attributes.name, attributes.index);
  }

  setUp(index: number, up: boolean): void {
    const link = this.#links.get(index);
    if (link !== undefined) link.attributes = { ...link.attributes, up };
  }

  setForwarding(index: number, forwarding: boolean): void {
    const link = this.#links.get(index);
    if (link !== undefined) link.attributes = { ...link.attributes, forwarding };
  }

  remove(index: number): void {
    const link = this.#links.get(index);
    if (link === undefined) return;
    this.#own = undefined;
    this.#links.delete(index);
    if (this.#indexes.get(link.attributes.name) === index) {
      this.#indexes.delete(link.attributes.name);
    }
  }

  /** False if that was already known: the echo of our own change. */
  addAddress(index: number, address: AddressState): boolean {
    const link = this.#links.get(index);
    if (link === undefined) return false;
    const { addresses } = link;
    const key = addressKey(address.address, address.prefixLength);
    const known = addresses.get(key);
    if (
      known !== undefined &&
      known.ours === address.ours &&
      known.assumed === address.assumed &&
      known.tentative === address.tentative &&
      known.duplicate === address.duplicate
    ) {
      return false;
    }
    this.#own = undefined;
    addresses.set(key, address);
    if (isWide(address)) link.prefixes = undefined;
    return true;
  }

  /** False if the address was not known. */
  removeAddress(index: number, address: IpAddress, prefixLength: number): boolean {
    const link = this.#links.get(index);
    if (link === undefined) return false;
    this.#own = undefined;
    const isKnown = link.addresses.delete(addressKey(address, prefixLength));
    if (isWide({ address, prefixLength })) {
      link.prefixes = undefined;
      // With the next address of the prefix the kernel adds its route again.
      const key = prefixKey({ address, prefixLength });
      if (!prefixesOf(link).has(key)) link.unrouted.delete(key);
    }
    return isKnown;
  }
}

function ownAddresses({ addresses }: Link): IpAddress[] {
  return [...addresses.values()]
    .filter(({ ours, tentative, duplicate }) => !ours && !tentative && !duplicate)
    .map(({ address }) => address);
}

function prefixesOf(link: Link): ReadonlySet<string> {
  if (link.prefixes !== undefined) return link.prefixes;
  const prefixes = new Set<string>();
  for (const state of link.addresses.values()) {
    if (!state.ours && isWide(state)) prefixes.add(prefixKey(state));
  }
  link.prefixes = prefixes;
  return prefixes;
}

function prefixKey(state: Pick<AddressState, 'address' | 'prefixLength'>): string {
  const { address, length } = prefixOf(state);
  return addressKey(address, length);
}

function prefixFrom(key: string): Prefix {
  const [address = '', length] = key.split('/');
  return { address: ip(address), length: Number(length) };
}
