/** Converts the supported part of `virtual_routes` and `virtual_rules`. */
import { familyOf, type IpAddress, networkOf, parseIp } from '../../net/address.ts';
import { type Branch, plain, Sourced } from '../draft.ts';
import { type Statement, textOf } from '../statement.ts';
import type { Context } from './context.ts';

const ROUTE_WORDS: Readonly<Record<string, string>> = {
  via: 'via',
  gw: 'via',
  dev: 'dev',
  oif: 'dev',
  src: 'src',
  metric: 'metric',
  preference: 'metric',
  table: 'table',
  mtu: 'mtu',
  scope: 'scope',
};

/** Types of routes that have an equivalent; without one of them, keepalived adds `unicast`. */
const TYPES = new Set(['unicast', 'blackhole', 'unreachable', 'prohibit']);

const HOP_WORDS: Readonly<Record<string, string>> = { ...ROUTE_WORDS, weight: 'weight' };

const RULE_WORDS: Readonly<Record<string, string>> = {
  from: 'from',
  to: 'to',
  iif: 'iif',
  dev: 'iif',
  oif: 'oif',
  fwmark: 'fwmark',
  table: 'table',
  lookup: 'table',
  priority: 'priority',
  preference: 'priority',
};

/** What only keepalived makes of a route or rule, and the number of values that follow. */
const OWN_WORDS: Readonly<Record<string, number>> = { no_track: 0, protocol: 1 };

const NUMBERS = new Set(['metric', 'mtu', 'priority', 'weight']);
/** A number, or the name of one. */
const NAMED = new Set(['table', 'scope']);

/** Of the first rule without a priority; each further one comes before it, as in keepalived. */
const FIRST_PRIORITY = 16_384;

/** The entries of `routes` or `rules`, whose words are all supported. */
export function convertRouting(one: Statement, instance: Branch, context: Context): void {
  const isRoute = one.words[0] === 'virtual_routes';
  context.ledger.carry(one);
  const kept: Sourced[] = [];
  for (const entry of one.block ?? []) {
    const words = withoutOwnWords(entry, context);
    const keys = isRoute
      ? routeOf(entry, words, instance, context)
      : ruleOf(entry, words, instance, context);
    if (keys === undefined) continue;
    kept.push(new Sourced(keys, entry));
    context.ledger.carry(entry);
  }
  const key = isRoute ? 'routes' : 'rules';
  const before = instance[key];
  if (kept.length > 0) instance[key] = Array.isArray(before) ? [...before, ...kept] : kept;
}

function withoutOwnWords(one: Statement, { ledger }: Context): string[] {
  const words = [...one.words];
  const dropped: string[] = [];
  for (let at = 0; at < words.length; ) {
    const values = OWN_WORDS[words[at] ?? ''];
    if (values === undefined) at += 1;
    else dropped.push(...words.splice(at, 1 + values));
  }
  if (dropped.length > 0) {
    ledger.note(one, 'changed', `${textOf(one)}: "${dropped.join(' ')}" is ignored`);
  }
  return words;
}

function routeOf(
  one: Statement,
  words: string[],
  instance: Branch,
  context: Context,
): Branch | undefined {
  const keys: Branch = {};
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const key = ROUTE_WORDS[word];
    if (word === 'onlink') keys['onlink'] = true;
    else if (TYPES.has(word) && !('destination' in keys)) {
      if (word !== 'unicast') keys['type'] = word;
    } else if (word === 'to') keys['destination'] = words.shift() ?? '';
    else if (key !== undefined) keys[key] = fieldOf(key, words.shift() ?? '');
    else if (word === 'nexthop') {
      const hops = hopsOf(words);
      if (hops !== undefined) keys['nexthops'] = hops;
      else return refuse(one, 'nexthop', context);
    } else if (/^(default|[0-9a-f:.]+(\/[0-9]+)?)$/i.test(word) && !('destination' in keys)) {
      keys['destination'] = isEverything(word) ? 'default' : word;
    } else return refuse(one, word, context);
  }
  const hasScope = 'scope' in keys && String(keys['destination']).includes(':');
  if (hasScope) {
    delete keys['scope'];
    context.ledger.note(one, 'ignored', `${textOf(one)}: the kernel has no scope for IPv6`);
  }
  if ('type' in keys || 'nexthops' in keys) return keys;
  if (!('dev' in keys)) chooseDevice(keys, one, instance, context);
  return keys;
}

function refuse(one: Statement, word: string, { ledger }: Context): undefined {
  ledger.lose(one, `virtual_routes: ${textOf(one)}: "${word}" is not supported`);
  return undefined;
}

/** The next hops from here to the end of the line, which are taken out; undefined: one has other words. */
function hopsOf(words: string[]): Branch[] | undefined {
  const hops: Branch[] = [{}];
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const hop = hops.at(-1) ?? {};
    const key = HOP_WORDS[word];
    if (word === 'nexthop') hops.push({});
    else if (word === 'onlink') hop['onlink'] = true;
    else if (key === 'via' || key === 'dev' || key === 'weight') {
      const value = words.shift() ?? '';
      // The family before the address: `via inet6 fe80::1`.
      const isFamily = key === 'via' && /^inet6?$/.test(value);
      hop[key] = fieldOf(key, isFamily ? (words.shift() ?? '') : value);
    } else return undefined;
  }
  return hops;
}

/** Without `dev` keepalived lets the kernel choose; here a route needs one. */
function chooseDevice(keys: Branch, one: Statement, instance: Branch, { ledger }: Context): void {
  const own = String(plain(instance['interface'] ?? ''));
  const device = linkTowards(String(keys['via'] ?? ''), instance) ?? own;
  if (device !== own) keys['dev'] = device;
  const message = `virtual_routes: ${textOf(one)}: has no dev, so keepalived lets the kernel choose; here it is ${device}`;
  ledger.note(one, 'changed', message);
}

/** The interface of the virtual address on the gateway's network. */
function linkTowards(via: string, instance: Branch): string | undefined {
  const gateway = parseIp(via);
  if (gateway === undefined) return undefined;
  const lists = [instance['addresses'], instance['extra_addresses']].map((list) =>
    plain(list ?? []),
  );
  for (const entry of lists.flat() as (string | { address: string; interface: string })[]) {
    const { address, interface: link } =
      typeof entry === 'string' ? { address: entry, interface: undefined } : entry;
    if (link !== undefined && isOnNetwork(address, gateway)) return link;
  }
  return undefined;
}

function isOnNetwork(written: string, gateway: IpAddress): boolean {
  const [text = '', length] = written.split('/');
  const address = parseIp(text);
  if (address === undefined || length === undefined) return false;
  if (familyOf(address) !== familyOf(gateway)) return false;
  return networkOf(address, Number(length)) === networkOf(gateway, Number(length));
}

function ruleOf(
  one: Statement,
  words: string[],
  instance: Branch,
  { ledger, globals }: Context,
): Branch | undefined {
  const keys: Branch = {};
  while (words.length > 0) {
    const word = words.shift() ?? '';
    const key = RULE_WORDS[word];
    if (key === undefined) {
      ledger.lose(one, `virtual_rules: ${textOf(one)}: "${word}" is not supported`);
      return undefined;
    }
    const value = words.shift() ?? '';
    if (value !== 'all') keys[key] = fieldOf(key, value);
  }
  if (keys['priority'] === undefined) {
    const places = `${String(keys['from'] ?? '')}${String(keys['to'] ?? '')}`;
    const isIpv6 = places === '' ? instance['version'] === 3 : places.includes(':');
    const family = isIpv6 ? 'ipv6' : 'ipv4';
    keys['priority'] = FIRST_PRIORITY - globals.rules[family];
    globals.rules[family] += 1;
  }
  return keys;
}

function fieldOf(key: string, value: string): string | number {
  const isNumber = NUMBERS.has(key) || (NAMED.has(key) && /^(0x)?[0-9a-f]+$/i.test(value));
  return isNumber ? Number(value) : value;
}

function isEverything(word: string): boolean {
  return word === 'default' || word === '0.0.0.0/0' || word === '::/0';
}
