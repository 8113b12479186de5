/** Other stations that say by ARP or ND that a VIP of a MASTER here is theirs. */
import type { AddressClaim } from '../../../net/link.ts';
import { isPowerOfTwo } from '../../../net/power-of-two.ts';
import type { CounterTable } from '../counters.ts';
import type { LinkTable } from '../links.ts';
import type { Outbox } from '../outbox.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';

/**
 * Evidence of a second holder. If it has never been heard to advertise, our own advertisements may
 * be what keeps it silent: keepalived before 2.2.8 refuses those without a pseudo-header and, as
 * MASTER, starts its timer anew with each one it refuses.
 */
export function noteClaim(
  { index, address, mac }: AddressClaim,
  routers: readonly VirtualRouter[],
  links: LinkTable,
  counters: CounterTable,
  outbox: Outbox,
): void {
  const link = links.byIndex(index)?.attributes;
  if (link === undefined || link.mac === mac) return;
  for (const router of routers) {
    if (router.state !== 'holding.master') continue;
    const claimed = router.addresses.some(
      (one) => one.address === address && router.wireOf(one) === link.name,
    );
    if (!claimed) continue;
    router.hasUnheardRival = !router.knowsForm;
    counters.add(router.row, 'address-conflicts');
    const count = counters.read(router.row, 'address-conflicts');
    if (!isPowerOfTwo(count)) continue;
    const instance = router.settings.name;
    outbox.report({ kind: 'address-conflict', instance, address, mac, count });
  }
}
