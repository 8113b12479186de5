/**
 * The prefixes of the configured VIPs, as routes. The kernel gets every VIP as a single host, so a
 * route makes the prefix on-link, unless another address does. It equals the route that the kernel
 * would have added for the address as configured, without its effects on other addresses.
 */
import { addressBits, familyOf, isLinkLocal, networkOf } from '../../../net/address.ts';
import {
  DEFAULT_METRIC,
  MAIN_TABLE,
  type Route,
  routingKey,
  STAND_IN_METRIC,
} from '../../../net/routing.ts';
import type { Link, LinkTable } from '../links.ts';
import type { InstanceSettings } from '../settings.ts';

/** A route and its stand-in for each prefix of an interface, unless a configured route is the same. */
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
    const standIn = standInFor(route, settings);
    const standInPlace = `${routingKey(standIn)} ${standIn.interface}`;
    if (taken.has(standInPlace)) return [route];
    taken.add(standInPlace);
    return [route, standIn];
  });
}

/** The host has an address in the prefix, on the link below a virtual one, and sends from that address. */
function standInFor(route: Route, { interface: own, virtualMac }: InstanceSettings): Route {
  const isShared =
    route.interface === virtualMac?.interface && !isLinkLocal(route.destination.address);
  return {
    ...route,
    interface: isShared ? own : route.interface,
    source: undefined,
    metric: STAND_IN_METRIC,
    standIn: true,
  };
}

/** True if no other address gives the prefix. */
export function isLacking(route: Route, settings: InstanceSettings, links: LinkTable): boolean {
  const { interface: name } = route;
  if (name === undefined || links.byName(name) === undefined) return false;
  return giverOf(route, settings, links) === undefined;
}

/**
 * The link of another address with the prefix: that of the route, or the interface under a virtual link. A
 * link-local prefix belongs to the link only.
 */
function giverOf(
  { interface: name, destination }: Route,
  { interface: own, virtualMac }: InstanceSettings,
  links: LinkTable,
): Link | undefined {
  const link = name === undefined ? undefined : links.byName(name);
  if (name === undefined || link === undefined) return undefined;
  if (links.hasPrefix(name, destination)) return link;
  const shares = name === virtualMac?.interface && !isLinkLocal(destination.address);
  return shares && links.hasPrefix(own, destination) ? links.byName(own) : undefined;
}

/** That link while it is up: without it, the prefix has no route, and the kernel accepts none. */
export function liveGiverOf(
  route: Route,
  settings: InstanceSettings,
  links: LinkTable,
): Link | undefined {
  const giver = giverOf(route, settings, links);
  if (giver === undefined) return undefined;
  const { up = giver.attributes.running } = giver.attributes;
  return up ? giver : undefined;
}

/** Several instances may have the same destination: link and source distinguish them. */
export function connectedKey(key: string, name: string, source: Route['source']): string {
  return `${key} dev ${name} src ${source ?? '-'}`;
}
