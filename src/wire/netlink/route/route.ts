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
import { failure, type Result, success } from '../../../net/result.ts';
import type { Route } from '../../../net/routing.ts';
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

/** The payload of RTM_NEWROUTE and, with the same fields, of RTM_DELROUTE. */
export function encodeRoute(route: Route, index: number, operation: 'add' | 'remove'): Uint8Array {
  const attributes = new AttributeWriter();
  const { destination, via, source, metric, table, mtu } = route;
  if (destination.length > 0) attributes.bytes(RTA_DST, ipToBytes(destination.address));
  if (via !== undefined) attributes.bytes(RTA_GATEWAY, ipToBytes(via));
  if (source !== undefined) attributes.bytes(RTA_PREFSRC, ipToBytes(source));
  if (metric !== 0) attributes.uint32(RTA_PRIORITY, metric);
  attributes.uint32(RTA_OIF, index);
  if (table > 0xff) attributes.uint32(RTA_TABLE, table);
  if (mtu !== undefined) attributes.nested(RTA_METRICS, (inner) => inner.uint32(RTAX_MTU, mtu));
  const header = new Uint8Array(HEADER_LENGTH);
  header[0] = route.family === 'ipv4' ? AF_INET : AF_INET6;
  header[1] = destination.length;
  header[4] = table > 0xff ? RT_TABLE_UNSPEC : table;
  header[PROTOCOL_OFFSET] = ORIGIN_VRRP;
  header[6] = scopeOf(route, operation);
  header[7] = RTN_UNICAST;
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

/** The payload of RTM_DELROUTE for a route of a dump, without its state, which is not part of the key. */
export function encodeRouteRemoval(shown: Uint8Array): Uint8Array {
  const payload = shown.slice();
  viewOf(payload).setUint32(8, 0, true);
  return payload;
}

/** Without a gateway the destination is on the link (ip-route(8), scope); a removal matches any scope. */
function scopeOf({ via, family }: Route, operation: 'add' | 'remove'): number {
  if (operation === 'remove') return RT_SCOPE_NOWHERE;
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
