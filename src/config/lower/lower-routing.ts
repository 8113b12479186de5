/** Converts routes and rules of the file to settings, and reports what the kernel would reject. */
import { type Family, familyOf, type IpAddress, ip } from '../../net/address.ts';
import { hashOf } from '../../net/hash.ts';
import {
  ALL_BITS,
  DEFAULT_METRIC,
  MAIN_TABLE,
  type Mark,
  type NextHop,
  type Prefix,
  type Route,
  type Rule,
  routingKey,
  routingText,
  SCOPES,
} from '../../net/routing.ts';
import type { InstanceSettings, Vrf } from '../../protocol/engine/settings.ts';
import type { Findings, Path } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import { ROUTE_DEFAULTS } from '../schema/defaults.ts';
import type { InstanceFile } from '../schema/schema.ts';
import type { Inherited } from './inherit.ts';
import { familyName, lowerHostAddress, lowerPrefix } from './lower-address.ts';

type RouteFile = NonNullable<InstanceFile['routes']>[number];
type RuleFile = NonNullable<InstanceFile['rules']>[number];
type TableFile = NonNullable<RouteFile['table']>;

const TABLES: Readonly<Record<string, number>> = { main: MAIN_TABLE, default: 253, local: 255 };
/** RFC 8200 section 5. */
const IPV6_MINIMUM_MTU = 1280;

/** What the entries of an instance have in common. */
interface Place {
  /** The interface of the instance. */
  readonly link: string;
  readonly family: Family;
  readonly host: HostFacts;
  /** Its table is the default; undefined: `main`. */
  readonly vrf: Vrf | undefined;
}

export function lowerRouting(
  { values, at }: Inherited,
  place: Place,
  findings: Findings,
): Pick<InstanceSettings, 'routes' | 'rules'> {
  const routes = (values.routes ?? []).flatMap(
    (route, position) => lowerRoute(route, place, at('routes', position), findings) ?? [],
  );
  const rules = (values.rules ?? []).flatMap(
    (rule, position) => lowerRule(rule, place, at('rules', position), findings) ?? [],
  );
  return { routes, rules };
}

/** Reports entries that are the same to the kernel: removing one would remove the other. */
export class SharedRouting {
  readonly #holders = new Map<string, string>();

  check({ name, routes, rules }: InstanceSettings, { at }: Inherited, findings: Findings): void {
    for (const entry of [...routes, ...rules]) {
      const key = routingKey(entry);
      const holder = this.#holders.get(key);
      if (holder === undefined) {
        this.#holders.set(key, name);
        continue;
      }
      const whose = holder === name ? 'this instance' : `"${holder}"`;
      const differ = entry.kind === 'route' ? ': give it another "metric"' : '';
      const message = `"${routingText(entry)}" already belongs to ${whose}${differ}`;
      findings.error(at(`${entry.kind}s`), 'conflict', message);
    }
  }
}

function lowerRoute(
  file: RouteFile,
  { link, family: instanceFamily, host, vrf }: Place,
  path: Path,
  findings: Findings,
): Route | undefined {
  const { type: refuses = 'unicast' } = file;
  const via = lowerOptional(file.via, [...path, 'via'], findings);
  const source = lowerOptional(file.src, [...path, 'src'], findings);
  const hops = file.nexthops?.map((hop, position) =>
    lowerHop(hop, link, [...path, 'nexthops', position], findings),
  );
  const given = via ?? source ?? hops?.find((hop) => hop.via !== undefined)?.via;
  const destination =
    file.destination === 'default'
      ? defaultOf(given === undefined ? instanceFamily : familyOf(given))
      : lowerPrefix(file.destination, [...path, 'destination'], findings);
  if (destination === undefined) return undefined;
  const family = familyOf(destination.address);
  checkFamilies({ via, src: source }, family, path, findings);
  for (const [position, hop] of (hops ?? []).entries()) {
    checkFamilies({ via: hop.via }, family, [...path, 'nexthops', position], findings);
  }
  checkRoute(file, family, path, findings);
  const isDirect = refuses === 'unicast' && hops === undefined;
  return {
    kind: 'route',
    family,
    destination,
    via,
    interface: isDirect ? (file.dev ?? link) : undefined,
    ...(refuses === 'unicast' ? {} : { refuses }),
    ...(hops === undefined ? {} : { hops }),
    ...(file.scope === undefined ? {} : { scope: scopeNumber(file.scope) }),
    source,
    metric: file.metric ?? DEFAULT_METRIC[family],
    table: tableNumber(
      file.table ?? vrf?.table ?? ROUTE_DEFAULTS.table,
      host,
      [...path, 'table'],
      findings,
    ),
    onlink: file.onlink ?? ROUTE_DEFAULTS.onlink,
    mtu: file.mtu,
  };
}

function lowerHop(
  { via, dev, weight, onlink }: NonNullable<RouteFile['nexthops']>[number],
  link: string,
  path: Path,
  findings: Findings,
): NextHop {
  if (onlink === true && via === undefined) {
    findings.error([...path, 'onlink'], 'conflict', '"onlink" needs "via", the gateway');
  }
  return {
    via: lowerOptional(via, [...path, 'via'], findings),
    interface: dev ?? link,
    weight: weight ?? ROUTE_DEFAULTS.weight,
    onlink: onlink ?? ROUTE_DEFAULTS.onlink,
  };
}

function checkFamilies(
  addresses: Readonly<Record<string, IpAddress | undefined>>,
  family: Family,
  path: Path,
  findings: Findings,
): void {
  for (const [key, address] of Object.entries(addresses)) {
    if (address === undefined || familyOf(address) === family) continue;
    const message = `${address} is ${familyName(familyOf(address))}, but the route is ${familyName(family)}`;
    findings.error([...path, key], 'conflict', message);
  }
}

/** Reports keys that the kernel refuses or ignores together. */
function checkRoute(file: RouteFile, family: Family, path: Path, findings: Findings): void {
  const conflict = (key: string, message: string) =>
    findings.error([...path, key], 'conflict', message);
  if (file.onlink === true && file.via === undefined && file.nexthops === undefined) {
    conflict('onlink', '"onlink" needs "via", the gateway');
  }
  const { type = 'unicast' } = file;
  for (const key of ['via', 'dev', 'onlink', 'nexthops', 'mtu'] as const) {
    if (file[key] === undefined) continue;
    if (type !== 'unicast')
      conflict(key, `a route of type ${type} forwards nothing: remove "${key}"`);
    else if (file.nexthops !== undefined && key !== 'nexthops' && key !== 'mtu') {
      conflict(key, `"${key}" belongs into each entry of "nexthops"`);
    }
  }
  if (family === 'ipv4') return;
  if (file.scope !== undefined) conflict('scope', 'only IPv4 routes have a scope: remove "scope"');
  if (file.mtu !== undefined && file.mtu < IPV6_MINIMUM_MTU) {
    findings.error([...path, 'mtu'], 'range', `must be at least ${IPV6_MINIMUM_MTU} for IPv6`);
  }
}

function lowerRule(
  file: RuleFile,
  { family: instanceFamily, host }: Place,
  path: Path,
  findings: Findings,
): Rule | undefined {
  const from = lowerPrefixOrAll(file.from, [...path, 'from'], findings);
  const to = lowerPrefixOrAll(file.to, [...path, 'to'], findings);
  const family = from === undefined ? undefined : familyOf(from.address);
  if (family !== undefined && to !== undefined && familyOf(to.address) !== family) {
    findings.error([...path, 'to'], 'conflict', '"from" and "to" must have the same family');
  }
  const mark = lowerMark(file.fwmark, [...path, 'fwmark'], findings);
  return {
    kind: 'rule',
    family: family ?? (to === undefined ? instanceFamily : familyOf(to.address)),
    from,
    to,
    incoming: file.iif,
    outgoing: file.oif,
    ...(mark === undefined ? {} : { mark }),
    priority: file.priority,
    table: tableNumber(file.table, host, [...path, 'table'], findings),
  };
}

function lowerMark(file: RuleFile['fwmark'], path: Path, findings: Findings): Mark | undefined {
  if (file === undefined) return undefined;
  const [value = Number.NaN, mask = ALL_BITS] = String(file).split('/').map(Number);
  if (!(value <= ALL_BITS && mask <= ALL_BITS)) {
    findings.error(path, 'range', 'mark and mask have 32 bits');
    return undefined;
  }
  if (mask !== 0 && (value & mask) >>> 0 === value) return { value, mask };
  const message = `the mask 0x${mask.toString(16)} does not have all bits of 0x${value.toString(16)}: no packet matches`;
  findings.error(path, 'conflict', message);
  return undefined;
}

function lowerOptional(
  text: string | undefined,
  path: Path,
  findings: Findings,
): IpAddress | undefined {
  return text === undefined ? undefined : lowerHostAddress(text, path, findings);
}

function lowerPrefixOrAll(
  text: string | undefined,
  path: Path,
  findings: Findings,
): Prefix | undefined {
  return text === undefined || text === 'all' ? undefined : lowerPrefix(text, path, findings);
}

function defaultOf(family: Family): Prefix {
  return { address: ip(family === 'ipv4' ? '0.0.0.0' : '::'), length: 0 };
}

function scopeNumber(scope: NonNullable<RouteFile['scope']>): number {
  return typeof scope === 'number' ? scope : SCOPES[scope];
}

/** Without a host, as for a file of another one, each name stands for a number of its own. */
function tableNumber(
  table: TableFile,
  { tableNumber: numberOf = (name) => 256 + (hashOf(name) % 2 ** 31) }: HostFacts,
  path: Path,
  findings: Findings,
): number {
  if (typeof table === 'number') return table;
  const number = TABLES[table] ?? numberOf(table);
  if (number !== undefined) return number;
  const message =
    `no routing table has the name "${table}" here: ` +
    'write its number, or add "NUMBER NAME" to /etc/iproute2/rt_tables';
  findings.error(path, 'conflict', message);
  return MAIN_TABLE;
}
