/** What two instances of one router cannot have in common. */

import { familyOf, type IpAddress, isLinkLocal } from '../../net/address.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';
import { addressEntries, addressOf } from './lower-address.ts';

export class SharedNames {
  readonly #findings: Findings;
  readonly #names = new Set<string>();
  /** By interface, family and VRID; the name of the instance that has it. */
  readonly #virtualRouters = new Map<string, string>();
  /** By address, a link-local one by its interface as well; the name of the instance that has it. */
  readonly #addresses = new Map<string, string>();
  /** Of links that carry virtual MAC addresses; the name of the instance that has it. */
  readonly #virtualLinks = new Map<string, string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  check({ values, at }: Inherited): void {
    const { name } = values;
    if (name !== undefined) {
      if (this.#names.has(name)) {
        this.#findings.error(at('name'), 'conflict', `the name "${name}" is already taken`);
      }
      this.#names.add(name);
    }
    const label = name === undefined ? 'another instance' : `"${name}"`;
    this.#checkVirtualRouter({ values, at }, label);
    this.#checkAddresses({ values, at }, label);
  }

  /** Of an instance whose settings are known. */
  checkVirtualLink({ name, virtualMac }: InstanceSettings, { at }: Inherited): void {
    const link = virtualMac?.interface;
    if (link === undefined) return;
    const holder = this.#virtualLinks.get(link);
    this.#virtualLinks.set(link, `"${name}"`);
    if (holder === undefined) return;
    const message =
      `the link ${link} carries the virtual MAC of ${holder} already: ` +
      'choose another name with virtual_mac: { interface: NAME }';
    this.#findings.error(at('virtual_mac'), 'conflict', message);
  }

  #checkVirtualRouter({ values, at }: Inherited, label: string): void {
    const { vrid, interface: link } = values;
    if (vrid === undefined || link === undefined) return;
    const first = addressEntries(values.addresses, at('addresses'))[0];
    const family = first?.text.includes(':') ? 'ipv6' : 'ipv4';
    const key = `${link} ${family} ${vrid}`;
    const holder = this.#virtualRouters.get(key);
    if (holder === undefined) {
      this.#virtualRouters.set(key, label);
      return;
    }
    const message = `vrid ${vrid} on ${link} is already used by ${holder}`;
    this.#findings.error(at('vrid'), 'conflict', message);
  }

  #checkAddresses({ values, at }: Inherited, label: string): void {
    const own = new Set<string>();
    const entries = [
      ...addressEntries(values.addresses, at('addresses')),
      ...addressEntries(values.extra_addresses, at('extra_addresses')),
    ];
    for (const entry of entries) {
      const address = addressOf(entry);
      if (address === undefined) continue;
      const key = keyOf(address, entry.interface ?? values.interface);
      const holder = own.has(key) ? 'this instance' : this.#addresses.get(key);
      if (holder !== undefined) {
        this.#findings.error(entry.path, 'conflict', `${address} is already used by ${holder}`);
      }
      own.add(key);
    }
    for (const key of own) if (!this.#addresses.has(key)) this.#addresses.set(key, label);
  }
}

/** IPv6 link-local addresses of two links are two addresses. */
function keyOf(address: IpAddress, link: string | undefined): string {
  return familyOf(address) === 'ipv6' && isLinkLocal(address) ? `${address}%${link}` : address;
}
