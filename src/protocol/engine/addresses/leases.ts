/**
 * VIPs with a lifetime that the kernel enforces: the agent renews them while it runs, and the kernel
 * removes those of an agent that is dead or stalled.
 */
import { lifetimeWithin, renewalPeriod } from '../../../../fsm/witness/timing.ts';
import { type Family, familyOf } from '../../../net/address.ts';
import type { AddressChange, AddressState } from '../../../net/link.ts';
import { type Duration, elapsed, type Instant, instant, shortest } from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import type { Timers } from '../core/timers.ts';
import type { Link, LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import { RENEWALS_IN_A_LEASE } from '../settings.ts';
import { lastingFormOn, type ManagedAddress } from './managed-address.ts';
import { Pace } from './pace.ts';

const UNITS_IN_A_TURN = 64;

/** By what a renewal costs beside few other addresses. */
const UNITS: { readonly [F in Family]: number } = { ipv4: 1, ipv6: 8 };

/** INFINITY_LIFE_TIME. */
const FOREVER = 0xffffffff;

/**
 * Lifetime in whole seconds for rtnetlink. With a witness it ends before the permission to be MASTER does;
 * zero: there is no time left.
 */
export function lifetimeOf(
  { settings, witness }: Pick<VirtualRouter, 'settings' | 'witness'>,
  now: Instant,
): number {
  const { lease } = settings;
  const usual = lease === undefined ? FOREVER : Math.ceil(lease / 1_000_000);
  if (settings.witness !== true || witness?.right === 'went-on') return usual;
  if (witness === undefined) return 0;
  const remaining = elapsed(now, witness.until);
  if (witness.overlaps) return Math.max(0, Math.floor(remaining / 1_000_000));
  return Math.min(usual, lifetimeWithin(witness.ttl, remaining));
}

interface Renewal {
  readonly router: VirtualRouter;
  readonly address: ManagedAddress;
}

interface LeasesParts {
  readonly timers: Timers;
  readonly links: LinkTable;
  readonly outbox: Outbox;
}

export class Leases {
  readonly #timers: Timers;
  readonly #links: LinkTable;
  readonly #outbox: Outbox;
  readonly #pace = new Pace(UNITS_IN_A_TURN);
  /** Renewals for the next turns, oldest first; each address once. */
  #waiting = new Map<ManagedAddress, Renewal>();

  constructor({ timers, links, outbox }: LeasesParts) {
    this.#timers = timers;
    this.#links = links;
    this.#outbox = outbox;
  }

  /** Renewals are left for the next turn. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  nextTurn(): void {
    this.#pace.nextTurn();
  }

  /** The kernel has answered what this turn requested. */
  answered(now: Instant, took?: Duration): void {
    this.#pace.answered(now, took);
  }

  /** Renews the lifetime of the present addresses. */
  renew(router: VirtualRouter, now: Instant): void {
    for (const address of router.addresses) this.renewAddress(router, address);
    armLease(this.#timers, router, now);
  }

  renewAddress(router: VirtualRouter, address: ManagedAddress): void {
    this.#waiting.set(address, { router, address });
  }

  /**
   * Requests as many of the waiting renewals as this turn allows. The kernel would add an address that
   * has been removed meanwhile (inet6_rtm_newaddr in net/ipv6/addrconf.c), so each is checked again.
   */
  ask(now: Instant): void {
    for (const [key, { router, address }] of this.#waiting) {
      const link = this.#links.byName(address.interface);
      const present = link === undefined ? undefined : installedForm(router, address, link);
      if (link !== undefined && present !== undefined) {
        if (!this.#pace.take(UNITS[familyOf(address.address)], now)) return;
        const lifetime = lifetimeOf(router, now);
        if (lifetime > 0) this.#outbox.renew(renewalOf(present, link.attributes.index, lifetime));
      }
      this.#waiting.delete(key);
    }
  }
}

/** Undefined for an address that is not ours: a real address of the host must not expire. */
function installedForm(
  router: VirtualRouter,
  address: ManagedAddress,
  link: Link,
): AddressState | undefined {
  const present = lastingFormOn(link, address);
  if (present === undefined || !address.installed || address.pending !== 'none') return undefined;
  if (address.retired || !router.serves) return undefined;
  return present.ours ? present : undefined;
}

/** The kernel replaces the flags by those of the renewal, so they equal those of the addition. */
function renewalOf(
  { address, prefixLength }: AddressState,
  index: number,
  lifetime: number,
): AddressChange {
  return { operation: 'renew', index, address, prefixLength, lifetime };
}

/** Arms the timer when the router has its addresses or another lease. */
export function armLease(timers: Timers, router: VirtualRouter, now: Instant): void {
  const period = periodOf(router);
  if (period === undefined) timers.clear('lease', router.position);
  else timers.set('lease', router.position, nextRenewal(period, now));
}

function periodOf({ settings, witness }: VirtualRouter): Duration | undefined {
  const { lease } = settings;
  const usual = lease === undefined ? undefined : ((lease / RENEWALS_IN_A_LEASE) as Duration);
  if (witness === undefined) return usual;
  const period = renewalPeriod(witness.ttl);
  return usual === undefined ? period : shortest(usual, period);
}

/**
 * On a grid of the renewal period, so that one batch serves all routers and their addresses expire
 * together: after removing an address, the kernel checks the next one a second later
 * (ADDRCONF_TIMER_FUZZ_MAX in <net/addrconf.h>), so one renewed slightly later would outlive its lease.
 */
function nextRenewal(period: Duration, now: Instant): Instant {
  return instant((Math.floor(now / period) + 1) * period);
}
