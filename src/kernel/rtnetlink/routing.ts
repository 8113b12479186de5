/**
 * Our routes and rules through rtnetlink(7): the request for a change, the events of the kernel, and the
 * removal of those that an earlier run has left.
 */
import { at } from '../../net/assert.ts';
import type { RoutingEvent } from '../../net/link.ts';
import { type RoutingChange, routingKey, routingText } from '../../net/routing.ts';
import {
  type NetlinkMessage,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
} from '../../wire/netlink/message.ts';
import { ORIGIN_VRRP } from '../../wire/netlink/numbers.ts';
import {
  decodeRoute,
  encodeRoute,
  encodeRouteDump,
  encodeRouteRemoval,
  PROTOCOL_OFFSET,
  RTM_DELROUTE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_ROUTE,
} from '../../wire/netlink/route/route.ts';
import {
  decodeRule,
  encodeRule,
  encodeRuleDump,
  RTM_DELRULE,
  RTM_GETRULE,
  RTM_NEWRULE,
  RTNLGRP_IPV4_RULE,
  RTNLGRP_IPV6_RULE,
} from '../../wire/netlink/route/rule.ts';
import { attachFilter } from '../ffi/classic-bpf.ts';
import { NETLINK_GET_STRICT_CHK, NETLINK_ROUTE, SOL_NETLINK } from '../ffi/constants.ts';
import { tryOption } from '../ffi/socket.ts';
import { type NetlinkRequest, NetlinkSocket } from '../netlink/netlink-socket.ts';
import { messageFilter } from './routing-filter.ts';

const MONITOR_RECEIVE_BUFFER = 1024 * 1024;

export function routingRequest({ operation, entry, index, hops }: RoutingChange): NetlinkRequest {
  const isRoute = entry.kind === 'route';
  const payload = isRoute ? encodeRoute(entry, index, operation, hops) : encodeRule(entry);
  if (operation === 'remove') {
    return { type: isRoute ? RTM_DELROUTE : RTM_DELRULE, flags: 0, payload };
  }
  const type = isRoute ? RTM_NEWROUTE : RTM_NEWRULE;
  const isConnected = isRoute && entry.connected === true;
  return { type, flags: NLM_F_CREATE | (isConnected ? NLM_F_APPEND : NLM_F_EXCL), payload };
}

/** Receives changes of our routes and of all rules, but none of a full Internet table. */
export function openRoutingMonitor(): NetlinkSocket {
  const monitor = new NetlinkSocket({
    protocol: NETLINK_ROUTE,
    name: 'routing monitor',
    receiveBuffer: MONITOR_RECEIVE_BUFFER,
    groups: [RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE],
  });
  const filter = messageFilter([RTM_NEWROUTE, RTM_DELROUTE], PROTOCOL_OFFSET, ORIGIN_VRRP);
  attachFilter('routing monitor', monitor.fd, filter);
  return monitor;
}

/** Undefined if the route or rule is not ours. */
export function routingEvent(message: NetlinkMessage): RoutingEvent | undefined {
  const own = ownEntry(message);
  if (own === undefined) return undefined;
  const isAdded = message.type === RTM_NEWROUTE || message.type === RTM_NEWRULE;
  return { kind: isAdded ? 'routing.added' : 'routing.removed', ...own };
}

/** Removes every route and rule that carries our protocol number; returns a text for each. */
export function clearRouting(socket: NetlinkSocket): string[] {
  // With this option, the kernel lists only routes of the protocol in the request.
  tryOption(socket.fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
  try {
    const left = [...leftRules(socket), ...leftRoutes(socket)];
    const answers = socket.transact(left.map(({ request }) => request));
    // An interrupted dump may list one twice: its second removal is refused.
    return left.flatMap(({ text }, position) => (at(answers, position).errno === 0 ? [text] : []));
  } finally {
    tryOption(socket.fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 0);
  }
}

interface Left {
  readonly text: string;
  readonly request: NetlinkRequest;
}

function leftRules(socket: NetlinkSocket): Left[] {
  const request = { type: RTM_GETRULE, payload: encodeRuleDump() };
  return socket.list('list rules', request).messages.flatMap((message): Left[] => {
    const decoded = decodeRule(message.payload);
    if (!decoded.ok || decoded.value.protocol !== ORIGIN_VRRP) return [];
    const { rule } = decoded.value;
    const removal = { type: RTM_DELRULE, flags: 0, payload: encodeRule(rule) };
    return [{ text: routingText(rule), request: removal }];
  });
}

function leftRoutes(socket: NetlinkSocket): Left[] {
  const dumps = (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const payload = encodeRouteDump(family);
    return socket.list('list routes', { type: RTM_GETROUTE, payload }).messages;
  });
  return dumps.flatMap((message): Left[] => {
    const decoded = decodeRoute(message.payload);
    if (!decoded.ok || decoded.value.protocol !== ORIGIN_VRRP) return [];
    const { destination, table } = decoded.value;
    const payload = encodeRouteRemoval(message.payload);
    const text = `route ${destination.address}/${destination.length} table ${table}`;
    return [{ text, request: { type: RTM_DELROUTE, flags: 0, payload } }];
  });
}

function ownEntry({ type, payload }: NetlinkMessage): Omit<RoutingEvent, 'kind'> | undefined {
  if (type === RTM_NEWROUTE || type === RTM_DELROUTE) {
    const decoded = decodeRoute(payload);
    if (!decoded.ok || decoded.value.protocol !== ORIGIN_VRRP) return undefined;
    const { index, source, ...route } = decoded.value;
    const key = routingKey({ kind: 'route', ...route, ...NO_HOP });
    return { key, hop: { index, source } };
  }
  if (type !== RTM_NEWRULE && type !== RTM_DELRULE) return undefined;
  const decoded = decodeRule(payload);
  if (!decoded.ok || decoded.value.protocol !== ORIGIN_VRRP) return undefined;
  return { key: routingKey(decoded.value.rule) };
}

/** Fields that are not part of the key of a route. */
const NO_HOP = {
  via: undefined,
  interface: '',
  source: undefined,
  onlink: false,
  mtu: undefined,
} as const;
