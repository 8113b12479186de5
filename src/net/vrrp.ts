/** What RFC 9568 assigns to VRRP. */
import {
  type Family,
  familyOf,
  type IpAddress,
  ip,
  isLinkLocal,
  type MacAddress,
  macFromBytes,
} from './address.ts';

/** The IP protocol number, and the next header of IPv6 (section 8). */
export const PROTOCOL_VRRP = 112;

/** The Authentication Header of IP (RFC 4302), in which version 2 may be enclosed (RFC 2338 section 5.3.6.3). */
export const PROTOCOL_AH = 51;

/** Where advertisements go (sections 5.1.1.2 and 5.1.2.2). */
export const VRRP_GROUP: { readonly [F in Family]: IpAddress } = {
  ipv4: ip('224.0.0.18'),
  ipv6: ip('ff02::12'),
};

/** TTL and hop limit of an advertisement that no router has forwarded (sections 5.1.1.3, 5.1.2.3). */
export const VRRP_TTL = 255;

/** The hop limit that Linux gives to IPv6 packets of programs that do not set one. */
const KERNEL_HOP_LIMIT = 64;

/**
 * The lowest TTL that is accepted from a configured unicast peer unless its `min_ttl` says otherwise.
 * Unicast is no part of the RFC, and keepalived sends IPv6 unicast with the hop limit of its kernel: to
 * refuse that would make two MASTERs. No router forwards a packet from a link-local address (RFC 4291
 * section 2.5.6), so there the hop limit proves nothing.
 */
export function lowestUnicastTtl(source: IpAddress): number {
  if (familyOf(source) === 'ipv4') return VRRP_TTL;
  return isLinkLocal(source) ? 1 : KERNEL_HOP_LIMIT;
}

/** The priority of the address owner, whose interfaces have the virtual addresses (section 5.2.4). */
export const OWNER_PRIORITY = 255;

const VRID_MAX = 255;

/** True for the priority of the address owner: MASTER from the start, and never preempted. */
export function isOwner(priority: number | undefined): boolean {
  return priority === OWNER_PRIORITY;
}

/** 00-00-5E-00-01-{VRID} for IPv4, 00-00-5E-00-02-{VRID} for IPv6 (section 7.3). */
export function virtualMac(family: Family, vrid: number): MacAddress {
  if (!Number.isInteger(vrid) || vrid < 1 || vrid > VRID_MAX) {
    throw new RangeError(`VRID ${vrid} is not in the range 1 to ${VRID_MAX}`);
  }
  const block = family === 'ipv4' ? 1 : 2;
  return macFromBytes(Uint8Array.of(0, 0, 0x5e, 0, block, vrid));
}

/**
 * False for lists without a common address: two clusters use one VRID. The link-local address of an
 * IPv6 virtual router counts only if there are no others: both may derive it from the VRID alike. A
 * router without addresses may be any.
 */
export function mayBeOneRouter(one: readonly IpAddress[], other: readonly IpAddress[]): boolean {
  if (one.length === 0 || other.length === 0) return true;
  const global = [one, other].map((list) => list.filter((address) => !isLinkLocal(address)));
  const lists = global.every((list) => list.length > 0) ? global : [one, other];
  const known = new Set(lists[0]);
  return lists[1]?.some((address) => known.has(address)) === true;
}
