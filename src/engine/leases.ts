/**
 * VIPs with a lifetime that the kernel enforces: the agent renews them for as long as it runs, and
 * those of an agent that is dead or stands still are gone by themselves.
 */
import type { AddressChange } from '../net/link.ts';
import type { Duration, Instant } from '../net/time.ts';
import type { LinkTable } from './links.ts';
import type { ManagedAddress } from './managed-address.ts';
import type { Outbox } from './outbox.ts';
import type { Timers } from './timers.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** A renewal that is late twice in a row leaves the address where it is. */
const RENEWALS_IN_A_LEASE = 4;

/** <linux/if_addr.h>: without end. */
const FOREVER = 0xffffffff;

/** Lifetime in whole seconds for rtnetlink. */
export function lifetimeOf(lease: Duration | undefined): number {
  return lease === undefined ? FOREVER : Math.ceil(lease / 1_000_000);
}

export class Leases {
  readonly #timers: Timers;
  readonly #links: LinkTable;
  readonly #outbox: Outbox;

  constructor(timers: Timers, links: LinkTable, outbox: Outbox) {
    this.#timers = timers;
    this.#links = links;
    this.#outbox = outbox;
  }

  /** The lifetime of what is there begins anew. */
  renew(router: VirtualRouter, now: Instant): void {
    const { lease } = router.settings;
    const lifetime = lifetimeOf(lease);
    for (const address of router.addresses) {
      const link = this.#links.byName(address.interface);
      const present = link?.addresses.get(address.key);
      // What others put there is theirs, the real addresses of an owner above all.
      if (link === undefined || present === undefined || !address.held) continue;
      if (router.settings.priority === 255 && !present.ours) continue;
      this.#outbox.renew(renewalOf(address, link.attributes.index, lifetime));
    }
    armLease(this.#timers, router, now);
  }
}

/** The kernel takes the flags of a renewal for the new ones: it says the same as the addition. */
export function renewalOf(
  { address, prefixLength, prefixRoute }: ManagedAddress,
  index: number,
  lifetime: number,
): AddressChange {
  const route = prefixRoute === undefined ? {} : { prefixRoute };
  return { operation: 'renew', index, address, prefixLength, ...route, lifetime };
}

/** The router has its addresses from now on, or another lease. */
export function armLease(timers: Timers, router: VirtualRouter, now: Instant): void {
  const { lease } = router.settings;
  if (lease === undefined) timers.clear('lease', router.position);
  else timers.set('lease', router.position, nextRenewal(lease, now));
}

/**
 * On a grid of its period, so that one batch serves all routers. They also expire together: after it
 * has removed an address the kernel looks at the next one a second later (ADDRCONF_TIMER_FUZZ_MAX in
 * <net/addrconf.h>), and one renewed a moment after would outlive its lease by that.
 */
function nextRenewal(lease: Duration, now: Instant): Instant {
  const period = lease / RENEWALS_IN_A_LEASE;
  return ((Math.floor(now / period) + 1) * period) as Instant;
}
