import type { VirtualRouter } from '../router/virtual-router.ts';
import type { AddressKeeper } from './address-keeper.ts';
import type { RoutingKeeper } from './routing-keeper.ts';

/**
 * Asks for what is missing at each router and for the removal of what should not be there. Routes
 * and rules come behind the addresses they may need, and go before them.
 */
export function reconcile(
  routers: Set<VirtualRouter>,
  addresses: AddressKeeper,
  routing: RoutingKeeper,
): void {
  for (const router of routers) {
    if (!router.serves) routing.reconcile(router);
    addresses.reconcile(router);
  }
  addresses.ask();
  for (const router of routers) {
    if (router.holds && !addresses.isWaitingFor(router)) routing.reconcile(router);
  }
  routers.clear();
}
