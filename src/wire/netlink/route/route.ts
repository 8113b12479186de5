/**
 * Routes in rtnetlink(7): RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE (<linux/rtnetlink.h>).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+---------------+---------------+
 *     |    Family     | Dst. Length   |  Src. Length  |      TOS      |
 *     +---------------+---------------+---------------+---------------+
 *     |     Table     |   Protocol    |     Scope     |     Type      |
 *     +---------------+---------------+---------------+---------------+
 *     |                             Flags                             |
 *     +---------------------------------------------------------------+
 *     |                          Attributes                           |
 */
import { type IpAddress, ip, ipFromBytes, ipToBytes } from '../../../net/address.ts';
import { at } from '../../../net/assert.ts';
import { failure, type Result, success } from '../../../net/result.ts';
import type { NextHop, Route } from '../../../net/routing.ts';
import { type AttributeDecodeError, AttributeWriter, decodeAttributes } from '../attributes.ts';
import { viewOf } from '../message.ts';
import { AF_INET, AF_INET6, ORIGIN_VRRP } from '../numbers.ts';

export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTNLGRP_IPV4_ROUTE = 7;
export const RTNLGRP_IPV6_ROUTE = 11;

/** The offset of the protocol in the payload. */
export const PROTOCOL_OFFSET = 5;

const HEADER_LENGTH = 12;
const RTN_UNICAST = 1;
const REFUSING_TYPES = { blackhole: 6, unreachable: 7, prohibit: 8 } as const;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const RT_TABLE_UNSPEC = 0;
const RTNH_F_ONLINK = 4;

const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PRIORITY = 6;
const RTA_PREFSRC = 7;
const RTA_METRICS = 8;
const RTA_MULTIPATH = 9;
const RTA_TABLE = 15;
const RTAX_MTU = 2;

/** The fields that identify a route, and its protocol, which identifies its owner. */
interface RouteMessage extends Pick<Route, 'family' | 'destination' | 'metric' | 'table'> {
  readonly protocol: number;
  /** Index of its link; 0 if it has several or none. */
  readonly index: number;
  readonly source: IpAddress | undefined;
}

export type RouteDecodeError =
  | { readonly code: 'route-truncated'; readonly length: number }
  | { readonly code: 'route-family'; readonly family: number }
  | AttributeDecodeError;

export function decodeRoute(payload: Uint8Array): Result<RouteMessage, RouteDecodeError> {
  if (payload.length < HEADER_LENGTH) {
    return failure({ code: 'route-truncated', length: payload.length });
  }
  const view = viewOf(payload);
  const number = view.getUint8(0);
  if (number !== AF_INET && number !== AF_INET6) {
    return failure({ code: 'route-family', family: number });
  }
  const decoded = decodeAttributes(payload, HEADER_LENGTH);
  if (!decoded.ok) return decoded;
  const family = number === AF_INET ? 'ipv4' : 'ipv6';
  const destination = decoded.value.bytes(RTA_DST);
  const bytes = family === 'ipv4' ? 4 : 16;
  const complete = destination?.length === bytes;
  const source = decoded.value.bytes(RTA_PREFSRC);
  return success({
    family,
    destination: {
      address: complete ? ipFromBytes(destination) : unspecified(family),
      length: view.getUint8(1),
    },
    metric: decoded.value.uint32(RTA_PRIORITY) ?? 0,
    table: decoded.value.uint32(RTA_TABLE) ?? view.getUint8(4),
    protocol: view.getUint8(PROTOCOL_OFFSET),
    index: decoded.value.uint32(RTA_OIF) ?? 0,
    source: source?.length === bytes ? ipFromBytes(source) : undefined,
  });
}

/** Length, flags, weight and index of `struct rtnexthop`, before its attributes. */
const HOP_LENGTH = 8;

/**
 * The payload of RTM_NEWROUTE and, with the same fields, of RTM_DELROUTE. `hops`: the indexes of the
 * interfaces of the next hops; a removal takes all of them, whatever they are.
 */
export function encodeRoute(
  route: Route,
  index: number,
  operation: 'add' | 'remove',
  hops: readonly number[] = [],
): Uint8Array {
  const attributes = new AttributeWriter();
  const { destination, via, source, metric, table, mtu, refuses } = route;
  if (destination.length > 0) attributes.bytes(RTA_DST, ipToBytes(destination.address));
  if (via !== undefined) attributes.bytes(RTA_GATEWAY, ipToBytes(via));
  if (source !== undefined) attributes.bytes(RTA_PREFSRC, ipToBytes(source));
  if (metric !== 0) attributes.uint32(RTA_PRIORITY, metric);
  if (index !== 0) attributes.uint32(RTA_OIF, index);
  if (route.hops !== undefined && operation === 'add') {
    attributes.bytes(RTA_MULTIPATH, encodeHops(route.hops, hops));
  }
  if (table > 0xff) attributes.uint32(RTA_TABLE, table);
  if (mtu !== undefined) attributes.nested(RTA_METRICS, (inner) => inner.uint32(RTAX_MTU, mtu));
  const header = new Uint8Array(HEADER_LENGTH);
  header[0] = route.family === 'ipv4' ? AF_INET : AF_INET6;
  header[1] = destination.length;
  header[4] = table > 0xff ? RT_TABLE_UNSPEC : table;
  header[PROTOCOL_OFFSET] = ORIGIN_VRRP;
  header[6] = scopeOf(route, operation);
  header[7] = refuses === undefined ? RTN_UNICAST : REFUSING_TYPES[refuses];
  viewOf(header).setUint32(8, route.onlink ? RTNH_F_ONLINK : 0, true);
  return joined(header, attributes.finish());
}

/** The payload of a dump request for our routes of one family; the kernel omits all others. */
export function encodeRouteDump(family: Route['family']): Uint8Array {
  const payload = new Uint8Array(HEADER_LENGTH);
  payload[0] = family === 'ipv4' ? AF_INET : AF_INET6;
  payload[PROTOCOL_OFFSET] = ORIGIN_VRRP;
  return payload;
}

/** What identifies a route of a dump. */
const KEY_ATTRIBUTES = [RTA_DST, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_OIF, RTA_TABLE];

/**
 * The payload of RTM_DELROUTE for a route of a dump: without its state, such as a next hop whose link is
 * down, which the kernel refuses.
 */
export function encodeRouteRemoval(shown: Uint8Array): Uint8Array {
  const header = shown.slice(0, HEADER_LENGTH);
  viewOf(header).setUint32(8, 0, true);
  const decoded = decodeAttributes(shown, HEADER_LENGTH);
  if (!decoded.ok) return header;
  const writer = new AttributeWriter();
  for (const type of KEY_ATTRIBUTES) {
    const value = decoded.value.bytes(type);
    if (value !== undefined) writer.bytes(type, value);
  }
  return joined(header, writer.finish());
}

function encodeHops(hops: readonly NextHop[], indexes: readonly number[]): Uint8Array {
  const parts = hops.map(({ via, weight, onlink }, position) => {
    const writer = new AttributeWriter();
    if (via !== undefined) writer.bytes(RTA_GATEWAY, ipToBytes(via));
    const attributes = writer.finish();
    const hop = new Uint8Array(HOP_LENGTH);
    const view = viewOf(hop);
    view.setUint16(0, HOP_LENGTH + attributes.length, true);
    view.setUint8(2, onlink ? RTNH_F_ONLINK : 0);
    view.setUint8(3, weight - 1);
    view.setInt32(4, at(indexes, position), true);
    return joined(hop, attributes);
  });
  return parts.reduce(joined, new Uint8Array(0));
}

/** Without a gateway the destination is on the link (ip-route(8), scope); a removal matches any scope. */
function scopeOf(route: Route, operation: 'add' | 'remove'): number {
  const { via, family, refuses, hops, scope } = route;
  if (operation === 'remove') return RT_SCOPE_NOWHERE;
  if (scope !== undefined) return scope;
  if (refuses !== undefined || hops?.some((hop) => hop.via !== undefined) === true) {
    return RT_SCOPE_UNIVERSE;
  }
  return via === undefined && family === 'ipv4' ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

function unspecified(family: Route['family']): IpAddress {
  return ip(family === 'ipv4' ? '0.0.0.0' : '::');
}

function joined(header: Uint8Array, attributes: Uint8Array): Uint8Array {
  const payload = new Uint8Array(header.length + attributes.length);
  payload.set(header);
  payload.set(attributes, header.length);
  return payload;
}
