/** The kernel's interfaces and addresses as last reported: the actual state, not the desired one. */
import {
  addressBits,
  familyOf,
  type IpAddress,
  isLinkLocal,
  networkOf,
} from '../../net/address.ts';
import type { AddressState, LinkAttributes, LinkEvent, LinkState } from '../../net/link.ts';
import type { Prefix } from '../../net/routing.ts';

export interface Link {
  attributes: LinkAttributes;
  /** By `addressKey`. */
  readonly addresses: Map<string, AddressState>;
  /** Those of IPv6: the kernel has an address once on a link, whatever its prefix length is. */
  readonly ipv6: Map<IpAddress, AddressState>;
  /** Prefixes of addresses that are not ours; undefined until computed. */
  prefixes: ReadonlySet<string> | undefined;
}

/**
 * As `ip address` writes it. The kernel distinguishes the IPv4 addresses of a link by address, prefix length
 * and far end, so that a point-to-point address is another one.
 */
export function addressKey(address: IpAddress, prefixLength: number, peer?: IpAddress): string {
  return peer === undefined
    ? `${address}/${prefixLength}`
    : `${address} peer ${peer}/${prefixLength}`;
}

function keyOf({ address, prefixLength, peer }: AddressState): string {
  return addressKey(address, prefixLength, peer);
}

export class LinkTable {
  readonly #links = new Map<number, Link>();
  readonly #indexes = new Map<string, number>();
  /** By the link below, those that get its packets; undefined until derived. */
  #takers: ReadonlyMap<number, Link> | undefined;
  /** Usable addresses that are not ours, of all links, with those that have them; undefined until derived. */
  #own: ReadonlyMap<IpAddress, readonly LinkAttributes[]> | undefined;

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
    if (link === undefined) return false;
    link.prefixes ??= prefixesOf(link.addresses.values());
    return link.prefixes.has(addressKey(address, length));
  }

  /**
   * True if a packet to the address that leaves by `from` would come back to this host: it has the address,
   * usable and not from this program, on any link that is not in another VRF; a link-local one of IPv6, on that
   * link.
   */
  isOwn(address: IpAddress, from: LinkAttributes | undefined): boolean {
    this.#own ??= ownAddresses(this.#links.values());
    const isThisLink = familyOf(address) === 'ipv6' && isLinkLocal(address);
    return (this.#own.get(address) ?? []).some((one) =>
      isThisLink ? one.index === from?.index : this.isReachable(one, from),
    );
  }

  /** Those on which the address is on-link through an address that is not ours. */
  reaching(address: IpAddress): readonly Link[] {
    const isNear = ({ address: own, prefixLength, peer = own }: AddressState) =>
      familyOf(own) === familyOf(address) &&
      networkOf(peer, prefixLength) === networkOf(address, prefixLength);
    return [...this.#links.values()].filter(({ addresses }) =>
      [...addresses.values()].some((one) => !one.ours && isWide(one) && isNear(one)),
    );
  }

  /**
   * False if packets that arrive on `from` are not for an address of `at`: that belongs to a VRF, whose table
   * is asked for its own links only. The table of all other addresses is asked for every packet.
   */
  isReachable(at: LinkAttributes, from: LinkAttributes | undefined): boolean {
    return at.vrf === undefined || at.vrf === from?.vrf;
  }

  /** The bridge, bond or macvlan that gets the packets of this link, by its name; undefined: there is none. */
  takerOf({ index, portOf }: LinkAttributes): string | undefined {
    if (portOf !== undefined) return this.byIndex(portOf)?.attributes.name ?? `link ${portOf}`;
    this.#takers ??= new Map(
      [...this.#links.values()].flatMap((link) => {
        const { over, takesAll } = link.attributes;
        return over !== undefined && takesAll ? [[over, link] as const] : [];
      }),
    );
    return this.#takers.get(index)?.attributes.name;
  }

  /** This link, the bridge that it is a port of, and the VLANs and macvlans on any of them, by index. */
  carriedBy(index: number): ReadonlySet<number> {
    const carried = new Set([index]);
    for (const lower of carried) {
      const bridge = this.byIndex(lower)?.attributes.portOf;
      if (bridge !== undefined) carried.add(bridge);
      for (const { attributes } of this.all()) {
        if (attributes.over === lower) carried.add(attributes.index);
      }
    }
    return carried;
  }

  all(): Iterable<Link> {
    return this.#links.values();
  }

  /** What `replace` would make this table from. */
  states(): LinkState[] {
    return [...this.#links.values()].map(({ attributes, addresses }) => ({
      ...attributes,
      addresses: [...addresses.values()],
    }));
  }

  replace(links: readonly LinkState[]): void {
    this.#own = undefined;
    this.#takers = undefined;
    this.#links.clear();
    this.#indexes.clear();
    for (const { addresses, ...attributes } of links) {
      this.change(attributes);
      for (const address of addresses) this.addAddress(attributes.index, address);
    }
  }

  /** Returns what has changed, if anything. */
  apply(event: Exclude<LinkEvent, { readonly key: string }>): 'links' | 'addresses' | undefined {
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
        return this.removeAddress(event.index, event.address, event.prefixLength, event.peer)
          ? 'addresses'
          : undefined;
    }
  }

  change(attributes: LinkAttributes): void {
    this.#takers = undefined;
    this.#own = undefined;
    const link = this.#links.get(attributes.index);
    if (link === undefined) {
      const none = { addresses: new Map(), ipv6: new Map(), prefixes: undefined };
      this.#links.set(attributes.index, { attributes, ...none });
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
    this.#takers = undefined;
    this.#links.delete(index);
    if (this.#indexes.get(link.attributes.name) === index) {
      this.#indexes.delete(link.attributes.name);
    }
  }

  /** False if that was already known: the echo of our own change. */
  addAddress(index: number, address: AddressState): boolean {
    const link = this.#links.get(index);
    if (link === undefined) return false;
    const { addresses, ipv6 } = link;
    const key = keyOf(address);
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
    const former = ipv6.get(address.address);
    if (former !== undefined && keyOf(former) !== key) {
      addresses.delete(keyOf(former));
      link.prefixes = undefined;
    }
    addresses.set(key, address);
    if (familyOf(address.address) === 'ipv6') ipv6.set(address.address, address);
    if (isWide(address)) link.prefixes = undefined;
    return true;
  }

  /** False if the address was not known. */
  removeAddress(
    index: number,
    address: IpAddress,
    prefixLength: number,
    peer?: IpAddress,
  ): boolean {
    const link = this.#links.get(index);
    if (link === undefined) return false;
    this.#own = undefined;
    if (isWide({ address, prefixLength })) link.prefixes = undefined;
    const key = addressKey(address, prefixLength, peer);
    const known = link.ipv6.get(address);
    if (known !== undefined && keyOf(known) === key) link.ipv6.delete(address);
    return link.addresses.delete(key);
  }
}

function ownAddresses(links: Iterable<Link>): ReadonlyMap<IpAddress, readonly LinkAttributes[]> {
  const own = new Map<IpAddress, LinkAttributes[]>();
  for (const { attributes, addresses } of links) {
    for (const { address, ours, tentative, duplicate } of addresses.values()) {
      if (ours || tentative || duplicate) continue;
      own.set(address, [...(own.get(address) ?? []), attributes]);
    }
  }
  return own;
}

function isWide({ address, prefixLength }: Pick<AddressState, 'address' | 'prefixLength'>) {
  return prefixLength < addressBits(familyOf(address));
}

function prefixesOf(addresses: Iterable<AddressState>): ReadonlySet<string> {
  const prefixes = new Set<string>();
  for (const state of addresses) {
    if (state.ours || !isWide(state)) continue;
    const { address, prefixLength, peer = address } = state;
    prefixes.add(addressKey(networkOf(peer, prefixLength), prefixLength));
  }
  return prefixes;
}
