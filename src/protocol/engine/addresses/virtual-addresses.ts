/** The VIPs of all routers on one interface: none of them is ever the source of advertisements. */
import type { IpAddress } from '../../../net/address.ts';
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

  /** Whatever the prefix length. */
  hasAddress(address: IpAddress): boolean {
    return this.#addresses.has(address);
  }
}
