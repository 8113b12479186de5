/** Routes and rules of policy routing, in the terms of ip-route(8) and ip-rule(8). */
import { addressBits, type Family, type IpAddress } from './address.ts';

export interface Prefix {
  readonly address: IpAddress;
  readonly length: number;
}

/** A route that answers instead of forwarding: silence, or the ICMP message of that name. */
export type RefusingType = 'blackhole' | 'unreachable' | 'prohibit';

/** One of several ways of a route. */
export interface NextHop {
  readonly via: IpAddress | undefined;
  readonly interface: string;
  /** 1..256: its share of the flows. */
  readonly weight: number;
  readonly onlink: boolean;
}

export interface Route {
  readonly kind: 'route';
  readonly family: Family;
  /** Length 0: the default route. */
  readonly destination: Prefix;
  readonly via: IpAddress | undefined;
  /** Undefined: the route refuses packets, or has several next hops. */
  readonly interface: string | undefined;
  /** Absent: the route forwards. */
  readonly refuses?: RefusingType;
  /** Two or more; absent: `via` and `interface` are the only one. */
  readonly hops?: readonly NextHop[];
  /** Of an IPv4 route; absent: `link` without a gateway, `global` with one. */
  readonly scope?: number;
  /** Preferred source address. */
  readonly source: IpAddress | undefined;
  readonly metric: number;
  readonly table: number;
  /** Treat the gateway as directly attached, although no prefix covers it. */
  readonly onlink: boolean;
  readonly mtu: number | undefined;
  /**
   * The route to the prefix of an address, as the kernel adds it with the address (fib_add_ifaddr in
   * net/ipv4/fib_frontend.c): it comes after other routes to the same destination.
   */
  readonly connected?: true;
  /** It takes the place of such a route of another address; any other to the destination has precedence. */
  readonly standIn?: true;
}

export interface Rule {
  readonly kind: 'rule';
  readonly family: Family;
  readonly from: Prefix | undefined;
  readonly to: Prefix | undefined;
  readonly incoming: string | undefined;
  readonly outgoing: string | undefined;
  /** Of packets, as nftables sets it; absent: any. */
  readonly mark?: Mark;
  readonly priority: number;
  readonly table: number;
}

export interface Mark {
  readonly value: number;
  /** The bits that are compared. */
  readonly mask: number;
}

export type RoutingEntry = Route | Rule;

export interface RoutingChange {
  readonly operation: 'add' | 'remove';
  readonly entry: RoutingEntry;
  /** The index of the route's interface; 0 for a rule, and for a route without an interface. */
  readonly index: number;
  /** The indexes of the interfaces of its next hops. */
  readonly hops?: readonly number[];
}

/** <linux/rtnetlink.h>, rtm_scope. */
export const SCOPES = { global: 0, site: 200, link: 253, host: 254 } as const;

export const ALL_BITS = 0xffffffff;

export const MAIN_TABLE = 254;

/** The metric that the kernel uses if none is given: for IPv6, IP6_RT_PRIO_USER of <linux/ipv6_route.h>. */
export const DEFAULT_METRIC: { readonly [F in Family]: number } = { ipv4: 0, ipv6: 1024 };

/** What a host has to reach the rest of a prefix by a link: none, a stand-in of ours, or another one. */
export type PrefixRoute = 'none' | 'ours' | 'other';

/** Of a stand-in: above what the kernel, network managers and people use. */
export const STAND_IN_METRIC = 2048;

/** Identifies an entry in the kernel: two routes with the same key cannot coexist. */
export function routingKey(entry: RoutingEntry): string {
  if (entry.kind === 'route') {
    const { family, destination, table, metric } = entry;
    return `route ${family} ${prefixText(destination)} ${table} ${metric}`;
  }
  const { family, priority, table, from, to, incoming, outgoing, mark } = entry;
  const links = `${incoming ?? '-'} ${outgoing ?? '-'}`;
  const selector = mark === undefined ? links : `${links} ${markText(mark)}`;
  return `rule ${family} ${priority} ${table} ${prefixText(from)} ${prefixText(to)} ${selector}`;
}

/** In the syntax of ip(8), without its defaults. */
export function routingText(entry: RoutingEntry): string {
  return entry.kind === 'route' ? routeText(entry) : ruleText(entry);
}

function routeText({ destination, family, ...route }: Route): string {
  const words = ['route', destination.length === 0 ? 'default' : shortPrefix(destination, family)];
  if (route.refuses !== undefined) words.splice(1, 0, route.refuses);
  if (route.via !== undefined) words.push('via', route.via);
  if (route.interface !== undefined) words.push('dev', route.interface);
  if (route.scope !== undefined) words.push('scope', scopeName(route.scope));
  if (route.source !== undefined) words.push('src', route.source);
  if (route.metric !== DEFAULT_METRIC[family]) words.push('metric', `${route.metric}`);
  if (route.table !== MAIN_TABLE) words.push('table', `${route.table}`);
  if (route.mtu !== undefined) words.push('mtu', `${route.mtu}`);
  if (route.onlink) words.push('onlink');
  for (const hop of route.hops ?? []) words.push('nexthop', ...hopWords(hop));
  return words.join(' ');
}

function hopWords({ via, interface: name, weight, onlink }: NextHop): string[] {
  const gateway = via === undefined ? [] : ['via', via];
  return [...gateway, 'dev', name, 'weight', `${weight}`, ...(onlink ? ['onlink'] : [])];
}

export function scopeName(scope: number): string {
  return Object.entries(SCOPES).find(([, number]) => number === scope)?.[0] ?? `${scope}`;
}

/** `0x10`, or `0x10/0xff` if not all bits count. */
export function markText({ value, mask }: Mark): string {
  const text = `0x${value.toString(16)}`;
  return mask === ALL_BITS ? text : `${text}/0x${mask.toString(16)}`;
}

function ruleText({ family, from, to, incoming, outgoing, mark, priority, table }: Rule): string {
  const words = ['rule', 'from', from === undefined ? 'all' : shortPrefix(from, family)];
  if (to !== undefined) words.push('to', shortPrefix(to, family));
  if (mark !== undefined) words.push('fwmark', markText(mark));
  if (incoming !== undefined) words.push('iif', incoming);
  if (outgoing !== undefined) words.push('oif', outgoing);
  return [...words, 'priority', `${priority}`, 'table', `${table}`].join(' ');
}

function shortPrefix(prefix: Prefix, family: Family): string {
  return prefix.length === addressBits(family) ? prefix.address : prefixText(prefix);
}

function prefixText(prefix: Prefix | undefined): string {
  return prefix === undefined ? '-' : `${prefix.address}/${prefix.length}`;
}
