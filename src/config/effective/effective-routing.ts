/** Routes and rules back in the words of the file. */

import { DEFAULT_METRIC, type Prefix, type Route, type Rule } from '../../net/routing.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { InstanceFile } from '../schema/schema.ts';

export function effectiveRouting({
  routes,
  rules,
}: InstanceSettings): Pick<InstanceFile, 'routes' | 'rules'> {
  return {
    ...(routes.length === 0 ? {} : { routes: routes.map(effectiveRoute) }),
    ...(rules.length === 0 ? {} : { rules: rules.map(effectiveRule) }),
  };
}

function effectiveRoute(route: Route): NonNullable<InstanceFile['routes']>[number] {
  const { family, destination, via, source, metric, mtu } = route;
  return {
    destination: destination.length === 0 ? 'default' : prefixText(destination),
    ...(via === undefined ? {} : { via }),
    dev: route.interface,
    ...(source === undefined ? {} : { src: source }),
    // The kernel's own is not the file's to name: 0 means none there.
    ...(metric === DEFAULT_METRIC[family] ? {} : { metric }),
    table: route.table,
    onlink: route.onlink,
    ...(mtu === undefined ? {} : { mtu }),
  };
}

function effectiveRule(rule: Rule): NonNullable<InstanceFile['rules']>[number] {
  const { from, to, incoming, outgoing, priority, table } = rule;
  return {
    ...(from === undefined ? {} : { from: prefixText(from) }),
    ...(to === undefined ? {} : { to: prefixText(to) }),
    ...(incoming === undefined ? {} : { iif: incoming }),
    ...(outgoing === undefined ? {} : { oif: outgoing }),
    priority,
    table,
  };
}

function prefixText({ address, length }: Prefix): string {
  return `${address}/${length}`;
}
