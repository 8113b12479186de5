/** The VIPs of all routers on one interface: none of them is ever the source of advertisements. */
import { familyOf, type IpAddress } from '../../../net/address.ts';
import type { ManagedAddress } from './managed-address.ts';

export class VirtualAddresses {
  readonly #keys = new Set<string>();
  readonly #addresses = new Set<IpAddress>();

  constructor(addresses: Iterable<ManagedAddress> = []) {
    for (const one of addresses) this.add(one);
  }

  add({ key, configuredKey, address }: ManagedAddress): void {
    this.#keys.add(key);
    this.#keys.add(configuredKey);
    this.#addresses.add(address);
  }

  /** With this prefix length (`addressKey`): that of a single host, or the configured one. */
  hasKey(key: string): boolean {
    return this.#keys.has(key);
  }

  /** In a form in which an instance would have it here: over IPv6, the prefix length does not matter. */
  hasForm(key: string, address: IpAddress): boolean {
    return this.hasKey(key) || (familyOf(address) === 'ipv6' && this.hasAddress(address));
  }

  /** Whatever the prefix length. */
  hasAddress(address: IpAddress): boolean {
    return this.#addresses.has(address);
  }
}
