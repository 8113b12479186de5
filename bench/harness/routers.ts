/** Virtual routers for scenarios, with addresses reserved for documentation (RFC 5737, RFC 3849). */
import { virtualAddress, virtualAddresses6 } from '../../src/lab/topology/layout.ts';
import { type IpAddress, ip } from '../../src/net/address.ts';
import type { RouterSpec } from './contender.ts';

export const VRIDS_MAX = 255;

/** One router with one address in the client's subnet, so that it can be probed. */
export const ONE_ROUTER: readonly RouterSpec[] = [{ vrid: 55, addresses: [virtualAddress(0)] }];

/** The same over IPv6: a link-local address, which must come first, and a global one. */
export const ONE_IPV6_ROUTER: readonly RouterSpec[] = [
  { vrid: 55, addresses: virtualAddresses6(2) },
];

export function oneIpv6RouterWithMany(count = VRIDS_MAX): RouterSpec[] {
  return [{ vrid: 55, addresses: virtualAddresses6(count) }];
}

export function manyRouters(count = VRIDS_MAX): RouterSpec[] {
  return Array.from({ length: count }, (_, at) => ({
    vrid: at + 1,
    addresses: [manyAddress(at)],
  }));
}

export function oneRouterWithMany(count = VRIDS_MAX): RouterSpec[] {
  return [{ vrid: 55, addresses: Array.from({ length: count }, (_, at) => manyAddress(at)) }];
}

/** 203.0.113.1 … 250, then 198.51.100.201 (RFC 5737), which is no director's on the peer link. */
function manyAddress(at: number): IpAddress {
  return at < 250 ? ip(`203.0.113.${at + 1}`) : ip(`198.51.100.${at - 49}`);
}

/** A packet has room for 255 addresses. */
const FULL = 250;

/** In the benchmark network of RFC 2544: those for documentation are too few. */
export function fullRouters(count: number): RouterSpec[] {
  return Array.from({ length: count }, (_, router) => ({
    vrid: router + 1,
    addresses: Array.from({ length: FULL }, (__, at) => ip(`198.18.${router}.${at + 1}`)),
  }));
}

/** The first address of each is link-local. */
export function fullRouters6(count: number): RouterSpec[] {
  return Array.from({ length: count }, (_, router) => ({
    vrid: router + 1,
    addresses: Array.from({ length: FULL }, (__, at) =>
      at === 0 ? ip(`fe80::55:${router + 1}`) : ip(`2001:db8:0:${router + 1}::${at.toString(16)}`),
    ),
  }));
}
