/**
 * One VIP of a virtual router, and what has been asked of the kernel about it. The kernel gets it as
 * a single host (/32, /128), whatever prefix length is written: a wider IPv4 address can become the
 * primary of a subnet, and the kernel deletes or promotes the others of that subnet along with it
 * (__inet_del_ifa in net/ipv4/devinet.c). The prefix becomes a route (`connected-routes.ts`).
 */
import { addressBits, familyOf } from '../../../net/address.ts';
import type { AddressState } from '../../../net/link.ts';
import { addressKey, type Link } from '../links.ts';
import type { InstanceSettings, VirtualAddress } from '../settings.ts';

export interface ManagedAddress extends Omit<VirtualAddress, 'prefixLength'> {
  /** `addressKey` of the single host. */
  readonly key: string;
  /** `addressKey` with the prefix length as written: by hand, or by an earlier version. */
  writtenKey: string;
  pending: 'none' | 'add' | 'remove';
  /** Put there by this run, and not by somebody else or a former run. */
  installed: boolean;
  /** Being put back after somebody removed it. */
  restoring: boolean;
  /** Forms of its announcement that the round under way has sent: it may wait for other addresses. */
  formsSent: number;
  /** The configuration does not have it any more. */
  retired: boolean;
}

/** Tells addresses of one host apart. */
export function placeOf({ interface: name, key }: Pick<ManagedAddress, 'interface' | 'key'>) {
  return `${name} ${key}`;
}

/** Where an earlier version has put it. */
export function writtenPlaceOf({ interface: name, writtenKey: key }: ManagedAddress): string {
  return placeOf({ interface: name, key });
}

/** The forms in which the link has it. */
export function formsOn(link: Link | undefined, address: ManagedAddress): AddressState[] {
  const keys = new Set([address.key, address.writtenKey]);
  return [...keys].flatMap((key) => link?.addresses.get(key) ?? []);
}

/** The first of them. */
export function formOn(link: Link | undefined, address: ManagedAddress): AddressState | undefined {
  return link?.addresses.get(address.key) ?? link?.addresses.get(address.writtenKey);
}

/** The form in which the link has it for good: a MASTER adds the single host beside any other. */
export function lastingFormOn(
  link: Link | undefined,
  address: ManagedAddress,
): AddressState | undefined {
  const form = formOn(link, address);
  return form !== undefined && isWideOfOurs(form) ? undefined : form;
}

/** One that an earlier version has left, and that the single host replaces. */
export function supersededOn(
  link: Link | undefined,
  { key, writtenKey }: ManagedAddress,
): AddressState | undefined {
  if (link?.addresses.has(key) !== true) return undefined;
  const written = link.addresses.get(writtenKey);
  return written !== undefined && isWideOfOurs(written) ? written : undefined;
}

/** IPv6 has no primaries, and takes no address twice on a link: there any prefix length will do. */
function isWideOfOurs({ address, prefixLength, ours }: AddressState): boolean {
  return ours && familyOf(address) === 'ipv4' && prefixLength < addressBits('ipv4');
}

/** Those of the settings; what is known of one already stays known. */
export function managedAddresses(
  { addresses, extraAddresses }: InstanceSettings,
  known: readonly ManagedAddress[] = [],
): ManagedAddress[] {
  const places = new Map(known.map((one) => [placeOf(one), one]));
  return [...addresses, ...extraAddresses].map((address) => {
    const key = addressKey(address.address, addressBits(familyOf(address.address)));
    const writtenKey = addressKey(address.address, address.prefixLength);
    const present = places.get(placeOf({ interface: address.interface, key }));
    if (present !== undefined) {
      present.writtenKey = writtenKey;
      present.retired = false;
      return present;
    }
    return {
      address: address.address,
      interface: address.interface,
      key,
      writtenKey,
      ...UNTOUCHED,
    };
  });
}

/** One that is there and should not be. */
export function misplacedAddress(
  place: Pick<ManagedAddress, 'address' | 'interface' | 'key'>,
): ManagedAddress {
  return { ...place, writtenKey: place.key, ...UNTOUCHED, retired: true };
}

const UNTOUCHED = {
  pending: 'none',
  installed: false,
  restoring: false,
  formsSent: 0,
  retired: false,
} as const;

/** Names of all interfaces they need, and the one of the settings. */
export function interfacesOf(
  settings: InstanceSettings,
  addresses: readonly ManagedAddress[],
): ReadonlySet<string> {
  return new Set([settings.interface, ...addresses.map((one) => wireOf(settings, one))]);
}

/** Of a virtual link the interface whose wire it shares. */
export function wireOf(
  { interface: own, virtualMac }: InstanceSettings,
  address: Pick<VirtualAddress, 'interface'>,
): string {
  return address.interface === virtualMac?.interface ? own : address.interface;
}
