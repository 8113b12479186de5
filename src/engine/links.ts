/** The kernel's interfaces and addresses as last reported: what is, never what should be. */
import type { IpAddress } from '../net/address.ts';
import type { AddressState, LinkAttributes, LinkEvent, LinkState } from '../net/link.ts';

export interface Link {
  attributes: LinkAttributes;
  /** By `addressKey`: the kernel tells addresses apart by address and prefix length. */
  readonly addresses: Map<string, AddressState>;
}

export function addressKey(address: IpAddress, prefixLength: number): string {
  return `${address}/${prefixLength}`;
}

export class LinkTable {
  readonly #links = new Map<number, Link>();
  readonly #indexes = new Map<string, number>();

  byIndex(index: number): Link | undefined {
    return this.#links.get(index);
  }

  byName(name: string): Link | undefined {
    const index = this.#indexes.get(name);
    return index === undefined ? undefined : this.#links.get(index);
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
    this.#links.clear();
    this.#indexes.clear();
    for (const { addresses, ...attributes } of links) {
      this.change(attributes);
      for (const address of addresses) this.addAddress(attributes.index, address);
    }
  }

  /** What has changed by it, if anything has. */
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
        return this.removeAddress(event.index, event.address, event.prefixLength)
          ? 'addresses'
          : undefined;
    }
  }

  change(attributes: LinkAttributes): void {
    const link = this.#links.get(attributes.index);
    if (link === undefined) {
      this.#links.set(attributes.index, { attributes, addresses: new Map() });
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
    this.#links.delete(index);
    if (this.#indexes.get(link.attributes.name) === index) {
      this.#indexes.delete(link.attributes.name);
    }
  }

  /** False when that was known already: the echo of an own change. */
  addAddress(index: number, address: AddressState): boolean {
    const addresses = this.#links.get(index)?.addresses;
    if (addresses === undefined) return false;
    const key = addressKey(address.address, address.prefixLength);
    const known = addresses.get(key);
    if (
      known !== undefined &&
      known.ours === address.ours &&
      known.tentative === address.tentative &&
      known.duplicate === address.duplicate
    ) {
      return false;
    }
    addresses.set(key, address);
    return true;
  }

  /** False when the address was not known to be there. */
  removeAddress(index: number, address: IpAddress, prefixLength: number): boolean {
    const addresses = this.#links.get(index)?.addresses;
    return addresses?.delete(addressKey(address, prefixLength)) ?? false;
  }
}
