/**
 * The prefixes that VIPs are written with, as routes. The kernel has every VIP as a single host, so
 * that a route says what the link reaches; it is wanted only where no other address says so. Then it
 * is what the kernel would have made of the address as written, and cannot harm anyone's addresses.
 */
import { addressBits, familyOf, isLinkLocal, networkOf } from '../../../net/address.ts';
import { DEFAULT_METRIC, MAIN_TABLE, type Route, routingKey } from '../../../net/routing.ts';
import type { LinkTable } from '../links.ts';
import type { InstanceSettings } from '../settings.ts';

/** One for each prefix of an interface, unless a route of the file says the same. */
export function connectedRoutes(settings: InstanceSettings): Route[] {
  const { addresses, extraAddresses, accept, routes } = settings;
  const taken = new Set(routes.map((route) => `${routingKey(route)} ${route.interface}`));
  return [...addresses, ...extraAddresses].flatMap((one): Route[] => {
    const family = familyOf(one.address);
    if (one.prefixLength === addressBits(family)) return [];
    const network = networkOf(one.address, one.prefixLength);
    const route: Route = {
      kind: 'route',
      family,
      destination: { address: network, length: one.prefixLength },
      via: undefined,
      interface: one.interface,
      // Without an address of its own in the prefix the host speaks to it from the VIP. IPv6 chooses
      // by itself (RFC 6724 section 5), and what a closed VIP sends is never answered.
      source: family === 'ipv4' && accept ? one.address : undefined,
      metric: DEFAULT_METRIC[family],
      table: MAIN_TABLE,
      onlink: false,
      mtu: undefined,
      connected: true,
    };
    const place = `${routingKey(route)} ${route.interface}`;
    if (taken.has(place)) return [];
    taken.add(place);
    return [route];
  });
}

/**
 * Whether no other address brings the prefix: none of its link, and of a virtual link none of the
 * interface whose wire that shares. Link-local destinations are reached by the link alone.
 */
export function isLacking(
  { interface: name, destination }: Route,
  { interface: own, virtualMac }: InstanceSettings,
  links: LinkTable,
): boolean {
  if (links.byName(name) === undefined || links.brings(name, destination)) return false;
  const shares = name === virtualMac?.interface && !isLinkLocal(destination.address);
  return !shares || !links.brings(own, destination);
}

/** Several instances may have the same destination: its link and its source tell them apart. */
export function connectedKey(key: string, name: string, source: Route['source']): string {
  return `${key} dev ${name} src ${source ?? '-'}`;
}
