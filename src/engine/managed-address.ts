/** One VIP of a virtual router, and what has been asked of the kernel about it. */
import { addressKey } from './links.ts';
import type { InstanceSettings, VirtualAddress } from './settings.ts';

export interface ManagedAddress extends VirtualAddress {
  readonly key: string;
  pending: 'none' | 'add' | 'remove';
  /** Put there by this run, and not by somebody else or a former run. */
  held: boolean;
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

/** Those of the settings; what is known of one already stays known. */
export function managedAddresses(
  { addresses, extraAddresses }: InstanceSettings,
  known: readonly ManagedAddress[] = [],
): ManagedAddress[] {
  const places = new Map(known.map((one) => [placeOf(one), one]));
  return [...addresses, ...extraAddresses].map((address) => {
    const key = addressKey(address.address, address.prefixLength);
    const present = places.get(placeOf({ interface: address.interface, key }));
    if (present !== undefined) {
      present.retired = false;
      return present;
    }
    return { ...address, key, ...UNTOUCHED };
  });
}

/** One that is there and should not be. */
export function misplacedAddress(
  address: VirtualAddress & { readonly key: string },
): ManagedAddress {
  return { ...address, ...UNTOUCHED, retired: true };
}

const UNTOUCHED = {
  pending: 'none',
  held: false,
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
  address: VirtualAddress,
): string {
  return address.interface === virtualMac?.interface ? own : address.interface;
}
