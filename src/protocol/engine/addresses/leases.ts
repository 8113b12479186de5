/**
 * VIPs with a lifetime that the kernel enforces: the agent renews them for as long as it runs, and
 * those of an agent that is dead or stands still are gone by themselves.
 */
import { familyOf } from '../../../net/address.ts';
import type { AddressChange, AddressState } from '../../../net/link.ts';
import { type Duration, type Instant, instant } from '../../../net/time.ts';
import { isOwner } from '../../../net/vrrp.ts';
import type { Link, LinkTable } from '../links.ts';
import type { Outbox } from '../outbox.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { Timers } from '../timers.ts';
import { lastingFormOn, type ManagedAddress } from './managed-address.ts';

/** A renewal that is late twice in a row leaves the address where it is. */
const RENEWALS_IN_A_LEASE = 4;

/** Of IPv6 addresses: the kernel takes 80 us for each, and advertisements may be due. */
const RENEWALS_IN_A_TURN = 8;

/** <linux/if_addr.h>: without end. */
const FOREVER = 0xffffffff;

/** Lifetime in whole seconds for rtnetlink. */
export function lifetimeOf(lease: Duration | undefined): number {
  return lease === undefined ? FOREVER : Math.ceil(lease / 1_000_000);
}

interface Renewal {
  readonly router: VirtualRouter;
  readonly address: ManagedAddress;
}

export interface LeasesParts {
  readonly timers: Timers;
  readonly links: LinkTable;
  readonly outbox: Outbox;
}

export class Leases {
  readonly #timers: Timers;
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  #left = RENEWALS_IN_A_TURN;
  /** First come, first served; each once. */
  #waiting = new Map<ManagedAddress, Renewal>();

  constructor({ timers, links, outbox }: LeasesParts) {
    this.#timers = timers;
    this.#links = links;
    this.#outbox = outbox;
  }

  /** What is left for the next turn. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  nextTurn(): void {
    this.#left = RENEWALS_IN_A_TURN;
  }

  /** The lifetime of what is there begins anew. */
  renew(router: VirtualRouter, now: Instant): void {
    for (const address of router.addresses) this.renewAddress(router, address);
    armLease(this.#timers, router, now);
  }

  renewAddress(router: VirtualRouter, address: ManagedAddress): void {
    this.#waiting.set(address, { router, address });
  }

  /**
   * Asks for as much of what waits as may be asked for in this turn. The kernel would add an address
   * that is gone by now (inet6_rtm_newaddr in net/ipv6/addrconf.c), so each is looked at once more.
   */
  ask(): void {
    for (const [key, { router, address }] of this.#waiting) {
      const link = this.#links.byName(address.interface);
      const held = link === undefined ? undefined : installedForm(router, address, link);
      if (link !== undefined && held !== undefined) {
        if (familyOf(address.address) === 'ipv6' && this.#left-- <= 0) return;
        const lifetime = lifetimeOf(router.settings.lease);
        this.#outbox.renew(renewalOf(held, link.attributes.index, lifetime));
      }
      this.#waiting.delete(key);
    }
  }
}

/** What others put there is theirs, the real addresses of an owner above all. */
function installedForm(
  router: VirtualRouter,
  address: ManagedAddress,
  link: Link,
): AddressState | undefined {
  const present = lastingFormOn(link, address);
  if (present === undefined || !address.installed || address.pending !== 'none') return undefined;
  if (address.retired || !router.serves) return undefined;
  return !isOwner(router.settings.priority) || present.ours ? present : undefined;
}

/** The kernel takes the flags of a renewal for the new ones: it says the same as the addition. */
function renewalOf(
  { address, prefixLength }: AddressState,
  index: number,
  lifetime: number,
): AddressChange {
  return { operation: 'renew', index, address, prefixLength, lifetime };
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
  return instant((Math.floor(now / period) + 1) * period);
}
