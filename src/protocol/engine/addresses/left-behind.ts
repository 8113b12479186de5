/**
 * VIPs that a former run has left where these settings do not place them: on another interface, because
 * the virtual MAC has been switched on or off since, or with another prefix length, by an earlier
 * version. They have the mark of this program; addresses of other programs stay.
 */
import type { IpAddress } from '../../../net/address.ts';
import type { LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import { configuredPlaceOf, misplacedAddress, placeOf } from './managed-address.ts';

/** Hands them to their routers, which remove them like addresses that left the configuration. */
export function retireLeftBehind(routers: readonly VirtualRouter[], links: LinkTable): void {
  const owners = new Map<IpAddress, VirtualRouter>();
  const places = new Set<string>();
  for (const router of routers) {
    for (const address of router.addresses) {
      owners.set(address.address, router);
      places.add(placeOf(address));
      places.add(configuredPlaceOf(address));
    }
  }
  for (const { attributes, addresses } of links.all()) {
    for (const [key, { address, ours }] of addresses) {
      const owner = owners.get(address);
      const place = { interface: attributes.name, key };
      if (!ours || owner === undefined || places.has(placeOf(place))) continue;
      owner.retired = [...owner.retired, misplacedAddress({ address, ...place })];
    }
  }
}
