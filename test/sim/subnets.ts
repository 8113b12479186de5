/** How the kernel distinguishes addresses of one subnet, and routes to one destination. */
import { addressBits, familyOf, type IpAddress, networkOf } from '../../src/net/address.ts';
import type { AddressState, RoutingEvent } from '../../src/net/link.ts';
import { type Prefix, type RoutingChange, routingKey } from '../../src/net/routing.ts';

/** Every rule asks after every step, and a world has few addresses. */
const networks = new Map<string, IpAddress>();

export function networkFor(address: IpAddress, length: number): IpAddress {
  const key = `${address}/${length}`;
  const known = networks.get(key) ?? networkOf(address, length);
  networks.set(key, known);
  return known;
}

/** True if a foreign address connects the prefix. */
export function isConnectedByAddress(addresses: Iterable<AddressState>, prefix: Prefix): boolean {
  return [...addresses].some(
    ({ ours, address, prefixLength }) =>
      !ours &&
      prefixLength === prefix.length &&
      networkFor(address, prefixLength) === prefix.address,
  );
}

export function hasAddress(addresses: Iterable<AddressState>, one: IpAddress): boolean {
  return [...addresses].some(({ address }) => address === one);
}

/** Addresses of the same subnet in order of addition: the first is the primary. */
export function subnetOf(
  addresses: Iterable<AddressState>,
  { address, prefixLength }: AddressState,
): AddressState[] {
  if (familyOf(address) === 'ipv6' || prefixLength === addressBits('ipv4')) return [];
  const network = networkFor(address, prefixLength);
  return [...addresses].filter(
    (one) =>
      familyOf(one.address) === 'ipv4' &&
      one.prefixLength === prefixLength &&
      networkFor(one.address, prefixLength) === network,
  );
}

/** The kernel has several routes that are the prefix of an address to one destination. */
export function placeOf({ entry, index }: RoutingChange): string {
  const key = routingKey(entry);
  if (entry.kind === 'rule' || entry.connected !== true) return key;
  return `${key} dev ${index} src ${entry.source ?? '-'}`;
}

export function keyAndHopOf({ entry, index }: RoutingChange): Omit<RoutingEvent, 'kind'> {
  const key = routingKey(entry);
  return entry.kind === 'rule' ? { key } : { key, hop: { index, source: entry.source } };
}
