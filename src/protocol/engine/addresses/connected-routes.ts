/**
 * The prefixes of the configured VIPs, as routes. The kernel gets every VIP as a single host, so a
 * route makes the prefix on-link, unless another address does. It equals the route that the kernel
 * would have added for the address as configured, without its effects on other addresses.
 */
import { addressBits, familyOf, isLinkLocal, networkOf } from '../../../net/address.ts';
import { DEFAULT_METRIC, MAIN_TABLE, type Route, routingKey } from '../../../net/routing.ts';
import type { LinkTable } from '../links.ts';
import type { InstanceSettings } from '../settings.ts';

/** A route for each prefix of an interface, unless a configured route is the same. */
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
      // Without another address in the prefix, the host sends from the VIP. IPv6 selects the source
      // itself (RFC 6724 section 5), and packets from a VIP without `accept` get no answer.
      source: family === 'ipv4' && accept ? one.address : undefined,
      metric: DEFAULT_METRIC[family],
      table: settings.vrf?.table ?? MAIN_TABLE,
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
 * True if the prefix is not on-link through another address: of the link, or of the interface under a
 * virtual link. A link-local prefix belongs to the link only.
 */
export function isLacking(
  { interface: name, destination }: Route,
  { interface: own, virtualMac }: InstanceSettings,
  links: LinkTable,
): boolean {
  if (name === undefined || links.byName(name) === undefined) return false;
  if (links.hasPrefix(name, destination)) return false;
  const shares = name === virtualMac?.interface && !isLinkLocal(destination.address);
  return !shares || !links.hasPrefix(own, destination);
}

/** Several instances may have the same destination: link and source distinguish them. */
export function connectedKey(key: string, name: string, source: Route['source']): string {
  return `${key} dev ${name} src ${source ?? '-'}`;
}
