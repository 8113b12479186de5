/** Converts routes and rules of the file to settings, and reports what the kernel would reject. */
import { type Family, familyOf, type IpAddress, ip } from '../../net/address.ts';
import {
  DEFAULT_METRIC,
  MAIN_TABLE,
  type Prefix,
  type Route,
  type Rule,
  routingKey,
  routingText,
} from '../../net/routing.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { Findings, Path } from '../finding.ts';
import { ROUTE_DEFAULTS } from '../schema/defaults.ts';
import type { InstanceFile } from '../schema/schema.ts';
import type { Inherited } from './inherit.ts';
import { familyName, lowerHostAddress, lowerPrefix } from './lower-address.ts';

type RouteFile = NonNullable<InstanceFile['routes']>[number];
type RuleFile = NonNullable<InstanceFile['rules']>[number];
type TableFile = NonNullable<RouteFile['table']>;

const TABLES = { main: MAIN_TABLE, default: 253 } as const;
/** RFC 8200 section 5. */
const IPV6_MINIMUM_MTU = 1280;

export function lowerRouting(
  { values, at }: Inherited,
  link: string,
  family: Family,
  findings: Findings,
): Pick<InstanceSettings, 'routes' | 'rules'> {
  const routes = (values.routes ?? []).flatMap((route, position) => {
    const path = at('routes', position);
    return lowerRoute(route, link, family, path, findings) ?? [];
  });
  const rules = (values.rules ?? []).flatMap(
    (rule, position) => lowerRule(rule, family, at('rules', position), findings) ?? [],
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
  link: string,
  instanceFamily: Family,
  path: Path,
  findings: Findings,
): Route | undefined {
  const via = lowerOptional(file.via, [...path, 'via'], findings);
  const source = lowerOptional(file.src, [...path, 'src'], findings);
  const given = via ?? source;
  const destination =
    file.destination === 'default'
      ? defaultOf(given === undefined ? instanceFamily : familyOf(given))
      : lowerPrefix(file.destination, [...path, 'destination'], findings);
  if (destination === undefined) return undefined;
  const family = familyOf(destination.address);
  for (const [key, address] of Object.entries({ via, src: source })) {
    if (address === undefined || familyOf(address) === family) continue;
    const message = `${address} is ${familyName(familyOf(address))}, but the route is ${familyName(family)}`;
    findings.error([...path, key], 'conflict', message);
  }
  if (file.onlink === true && file.via === undefined) {
    findings.error([...path, 'onlink'], 'conflict', '"onlink" needs "via", the gateway');
  }
  if (family === 'ipv6' && file.mtu !== undefined && file.mtu < IPV6_MINIMUM_MTU) {
    findings.error([...path, 'mtu'], 'range', `must be at least ${IPV6_MINIMUM_MTU} for IPv6`);
  }
  return {
    kind: 'route',
    family,
    destination,
    via,
    interface: file.dev ?? link,
    source,
    metric: file.metric ?? DEFAULT_METRIC[family],
    table: tableNumber(file.table ?? ROUTE_DEFAULTS.table),
    onlink: file.onlink ?? ROUTE_DEFAULTS.onlink,
    mtu: file.mtu,
  };
}

function lowerRule(
  file: RuleFile,
  instanceFamily: Family,
  path: Path,
  findings: Findings,
): Rule | undefined {
  const from = lowerPrefixOrAll(file.from, [...path, 'from'], findings);
  const to = lowerPrefixOrAll(file.to, [...path, 'to'], findings);
  const family = from === undefined ? undefined : familyOf(from.address);
  if (family !== undefined && to !== undefined && familyOf(to.address) !== family) {
    findings.error([...path, 'to'], 'conflict', '"from" and "to" must have the same family');
  }
  return {
    kind: 'rule',
    family: family ?? (to === undefined ? instanceFamily : familyOf(to.address)),
    from,
    to,
    incoming: file.iif,
    outgoing: file.oif,
    priority: file.priority,
    table: tableNumber(file.table),
  };
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

function tableNumber(table: TableFile): number {
  return typeof table === 'number' ? table : TABLES[table];
}
