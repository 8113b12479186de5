/** The prefixes of addresses. */
import { addressBits, familyOf, networkOf } from './address.ts';
import type { AddressState } from './link.ts';
import type { Prefix } from './routing.ts';

type Address = Pick<AddressState, 'address' | 'prefixLength'>;

export function isWide({ address, prefixLength }: Address): boolean {
  return prefixLength < addressBits(familyOf(address));
}

export function prefixOf({ address, prefixLength: length }: Address): Prefix {
  return { address: networkOf(address, length), length };
}

/** Each once; single hosts have none. */
export function widePrefixes(addresses: readonly Address[]): Prefix[] {
  const prefixes = addresses.filter(isWide).map(prefixOf);
  return [...new Map(prefixes.map((one) => [`${one.address}/${one.length}`, one])).values()];
}
