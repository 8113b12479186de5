/** Reports names, VRIDs, addresses and links that two instances of the router share. */
import { familyOf, type IpAddress, isLinkLocal } from '../../net/address.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';
import { addressEntries, addressOf } from './lower-address.ts';

export class SharedNames {
  readonly #findings: Findings;
  readonly #names = new Set<string>();
  /** Instance by interface, family and VRID. */
  readonly #virtualRouters = new Map<string, string>();
  /** Instance by address; link-local addresses together with their interface. */
  readonly #addresses = new Map<string, string>();
  /** Instance by the link of its virtual MAC address. */
  readonly #virtualLinks = new Map<string, string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  check({ values, at }: Inherited): void {
    const { name } = values;
    if (name !== undefined) {
      if (this.#names.has(name)) {
        this.#findings.error(at('name'), 'conflict', `duplicate name "${name}"`);
      }
      this.#names.add(name);
    }
    const label = name === undefined ? 'another instance' : `"${name}"`;
    this.#checkVirtualRouter({ values, at }, label);
    this.#checkAddresses({ values, at }, label);
  }

  checkVirtualLink({ name, virtualMac }: InstanceSettings, { at }: Inherited): void {
    const link = virtualMac?.interface;
    if (link === undefined) return;
    const holder = this.#virtualLinks.get(link);
    this.#virtualLinks.set(link, `"${name}"`);
    if (holder === undefined) return;
    const message =
      `the link ${link} already has the virtual MAC of ${holder}: ` +
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

/** The same link-local address may be on two links. */
function keyOf(address: IpAddress, link: string | undefined): string {
  return familyOf(address) === 'ipv6' && isLinkLocal(address) ? `${address}%${link}` : address;
}
