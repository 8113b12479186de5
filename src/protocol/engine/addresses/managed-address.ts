/**
 * One VIP of a virtual router, and the state of its requests to the kernel. The kernel gets it as a
 * single host (/32, /128), whatever prefix length is configured: a wider IPv4 address can become the
 * primary of a subnet, and the kernel deletes or promotes the others of that subnet together with it
 * (__inet_del_ifa in net/ipv4/devinet.c). The prefix becomes a route (`connected-routes.ts`).
 */
import { addressBits, familyOf } from '../../../net/address.ts';
import type { AddressState } from '../../../net/link.ts';
import { addressKey, type Link } from '../links.ts';
import type { InstanceSettings, VirtualAddress } from '../settings.ts';

export interface ManagedAddress extends Pick<VirtualAddress, 'address' | 'interface'> {
  /** Counts when the address is added. */
  label: string | undefined;
  /** `addressKey` of the single host. */
  readonly key: string;
  /** `addressKey` with the configured prefix length: added by hand, or by an earlier version. */
  configuredKey: string;
  pending: 'none' | 'add' | 'remove';
  /** Added or adopted by this run, not by another program. */
  installed: boolean;
  /** Left by a former process, and not removed by this BACKUP. */
  isKept: boolean;
  /** Being added again after another program removed it. */
  restoring: boolean;
  /** Forms of its announcement that were sent in the round under way. */
  formsSent: number;
  /** It is on the link without our mark, which has been reported. */
  isForeign: boolean;
  /** No longer configured. */
  retired: boolean;
}

/** Unique among the addresses of this host. */
export function placeOf({ interface: name, key }: Pick<ManagedAddress, 'interface' | 'key'>) {
  return `${name} ${key}`;
}

/** The place that an earlier version used. */
export function configuredPlaceOf({ interface: name, configuredKey: key }: ManagedAddress): string {
  return placeOf({ interface: name, key });
}

/** The forms in which the link has the address and that are ours. */
export function ownFormsOn(link: Link | undefined, address: ManagedAddress): AddressState[] {
  const forms = new Set([link?.addresses.get(address.key), otherFormOn(link, address)]);
  return [...forms].flatMap((form) => (form?.ours === true ? [form] : []));
}

/** With the configured prefix length; over IPv6 with any, since a link has the address once. */
function otherFormOn(
  link: Link | undefined,
  { address, configuredKey }: ManagedAddress,
): AddressState | undefined {
  return link?.addresses.get(configuredKey) ?? link?.ipv6.get(address);
}

/** The first of `ownFormsOn`. */
export function ownFormOn(
  link: Link | undefined,
  address: ManagedAddress,
): AddressState | undefined {
  const single = link?.addresses.get(address.key);
  if (single?.ours === true) return single;
  const other = otherFormOn(link, address);
  return other?.ours === true ? other : undefined;
}

/** A form that this program has not added. */
export function foreignFormOn(
  link: Link | undefined,
  address: ManagedAddress,
): AddressState | undefined {
  const single = link?.addresses.get(address.key);
  if (single?.ours === false) return single;
  const other = otherFormOn(link, address);
  return other?.ours === false ? other : undefined;
}

/** Any form of the address that the link has. */
export function formOn(link: Link | undefined, address: ManagedAddress): AddressState | undefined {
  return link?.addresses.get(address.key) ?? otherFormOn(link, address);
}

/**
 * The form that serves and may stay: a MASTER replaces a wide form of ours by the single host. The kernel does
 * not answer for an address that duplicate address detection has found elsewhere, and leaves it there.
 */
export function lastingFormOn(
  link: Link | undefined,
  address: ManagedAddress,
): AddressState | undefined {
  const form = formOn(link, address);
  return form !== undefined && (isWideOfOurs(form) || form.duplicate) ? undefined : form;
}

/** The form left by an earlier version, once the single host has replaced it. */
export function supersededOn(
  link: Link | undefined,
  { key, configuredKey }: ManagedAddress,
): AddressState | undefined {
  if (link?.addresses.has(key) !== true) return undefined;
  const configured = link.addresses.get(configuredKey);
  return configured !== undefined && isWideOfOurs(configured) ? configured : undefined;
}

/** IPv6 has no primary addresses and no address twice on a link: any prefix length may stay. */
function isWideOfOurs({ address, prefixLength, ours }: AddressState): boolean {
  return ours && familyOf(address) === 'ipv4' && prefixLength < addressBits('ipv4');
}

/** The addresses of the settings; known ones keep their state. */
export function managedAddresses(
  { addresses, extraAddresses }: InstanceSettings,
  known: readonly ManagedAddress[] = [],
): ManagedAddress[] {
  const places = new Map(known.map((one) => [placeOf(one), one]));
  return [...addresses, ...extraAddresses].map((address) => {
    const key = addressKey(address.address, addressBits(familyOf(address.address)));
    const configuredKey = addressKey(address.address, address.prefixLength);
    const present = places.get(placeOf({ interface: address.interface, key }));
    if (present !== undefined) {
      present.configuredKey = configuredKey;
      present.label = address.label;
      present.retired = false;
      return present;
    }
    return {
      address: address.address,
      interface: address.interface,
      key,
      configuredKey,
      ...UNTOUCHED,
      label: address.label,
    };
  });
}

/** An address that is present in the wrong place. */
export function misplacedAddress(
  place: Pick<ManagedAddress, 'address' | 'interface' | 'key'>,
): ManagedAddress {
  return { ...place, configuredKey: place.key, ...UNTOUCHED, retired: true };
}

const UNTOUCHED = {
  label: undefined,
  pending: 'none',
  installed: false,
  isKept: false,
  restoring: false,
  formsSent: 0,
  isForeign: false,
  retired: false,
} as const;

/** Names of the interfaces that the instance and its addresses need. */
export function interfacesOf(
  settings: InstanceSettings,
  addresses: readonly ManagedAddress[],
): ReadonlySet<string> {
  const names = new Set([settings.interface, ...addresses.map((one) => wireOf(settings, one))]);
  if (settings.onInterfaceDown === 'ignore') names.delete(settings.interface);
  return names;
}

/** Name of the interface of the address; for a virtual link, of the interface under it. */
export function wireOf(
  { interface: own, virtualMac }: InstanceSettings,
  address: Pick<VirtualAddress, 'interface'>,
): string {
  return address.interface === virtualMac?.interface ? own : address.interface;
}
