/**
 * The links that carry virtual MAC addresses. Only the MASTER's link is up: a single frame from a BACKUP
 * with the virtual MAC would redirect every switch to it. The protocol thread sets links up itself;
 * making one, or setting one down, takes the kernel much longer and is done by another thread.
 */
import { familyOf, type MacAddress } from '../../../net/address.ts';
import { at } from '../../../net/assert.ts';
import { ENODEV } from '../../../net/errno.ts';
import type { KernelAnswer } from '../../../net/kernel-answer.ts';
import type { LinkEvent } from '../../../net/link.ts';
import {
  after,
  type Instant,
  LONG_AGO,
  latest,
  milliseconds,
  NEVER,
  seconds,
} from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import type { RouterTable } from '../core/router-table.ts';
import type { Timers } from '../core/timers.ts';
import type { Input } from '../inputs.ts';
import type { LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import { ownFormOn } from './managed-address.ts';
import type { Repairs } from './repairs.ts';

/** Links that one turn of the loop sets up; each takes about 50 us. */
const SET_UP_IN_A_TURN = 16;

/** A link without addresses is silent, and setting it down holds a kernel lock for 15 ms. */
const SET_DOWN_AFTER = seconds(1);

/** Links are set down one at a time. */
const SET_DOWN_SPACING = milliseconds(20);

/** Delay before a link that could not be made is tried again. */
const RETRY_AFTER = seconds(5);

interface VirtualLink {
  readonly router: VirtualRouter;
  readonly name: string;
  /** Requested, and not present yet. */
  requested: boolean;
  /** No request before this time. */
  retryAt: Instant;
  /** Was set up after this router became MASTER. */
  wasSetUp: boolean;
  /** When to set it down. */
  downAt: Instant;
  /** The parent's MTU that was last requested for it. */
  fittedTo: number;
}

type VirtualLinkInput = Extract<
  Input,
  { readonly kind: 'links.up' | 'virtual-link.down' | 'virtual-link.failed' }
>;

export interface VirtualLinkAnswer {
  readonly router: VirtualRouter;
  /** `restored`: another program had set it down or removed it, so hosts need new announcements. */
  readonly outcome: 'up' | 'restored' | 'down' | 'refused' | 'missing';
}

interface VirtualLinksParts {
  readonly routers: RouterTable;
  readonly links: LinkTable;
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly repairs: Repairs;
}

export class VirtualLinks {
  readonly #links: LinkTable;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #repairs: Repairs;
  readonly #routers: RouterTable;
  readonly #states = new WeakMap<VirtualRouter, VirtualLink>();
  /** Routers whose links are set up in the next turn. */
  readonly #waiting = new Set<VirtualRouter>();
  #allowance = SET_UP_IN_A_TURN;
  /** Names of the links that are being set down: their routers may be gone before the answer arrives. */
  readonly #goingDown = new Set<string>();

  constructor({ routers, links, timers, outbox, repairs }: VirtualLinksParts) {
    this.#repairs = repairs;
    this.#routers = routers;
    this.#links = links;
    this.#timers = timers;
    this.#outbox = outbox;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Adds the routers whose links may be set up, set down or made in this turn to the dirty ones. */
  nextTurn(dirty: Set<VirtualRouter>, now: Instant): void {
    this.#allowance = SET_UP_IN_A_TURN;
    this.#timers.fire('virtual-link', now, (position) => {
      const router = this.#routers.at(position);
      if (router !== undefined) dirty.add(router);
    });
    for (const router of this.#waiting) dirty.add(router);
    this.#waiting.clear();
  }

  /** The router whose virtual link was set up or down, if nothing else has changed. */
  switchedBy(event: LinkEvent): VirtualRouter | undefined {
    if (event.kind !== 'link.changed') return undefined;
    const { link } = event;
    const known = this.#links.byIndex(link.index)?.attributes;
    const router = this.#routers.ownerOf(link.name);
    if (known === undefined || router === undefined) return undefined;
    const same =
      known.name === link.name &&
      known.mac === link.mac &&
      known.mtu === link.mtu &&
      known.forwarding === (link.forwarding ?? known.forwarding);
    return same ? router : undefined;
  }

  /**
   * Makes the link of the router, sets it up or down; true if the addresses of the router may be
   * compared in this turn.
   */
  admits(router: VirtualRouter, now: Instant): boolean {
    const link = this.#of(router);
    if (link === undefined) return true;
    const attributes = this.#links.byName(link.name)?.attributes;
    if (attributes === undefined) {
      this.#make(link, now);
      return true;
    }
    link.requested = false;
    router.lacksVirtualLink = false;
    this.#fit(link, attributes.mtu);
    this.#correct(link, attributes.mac, now);
    const isUp = attributes.up ?? attributes.running;
    if (router.isMaster) {
      link.downAt = NEVER;
      if (this.#goingDown.has(link.name)) return false;
      if (isUp) return true;
      return this.#mayRestore(link, now) && this.#setUp(link, attributes.index);
    }
    link.wasSetUp = false;
    const isStaying = this.#goingDown.has(link.name) || this.#hasAddresses(link);
    if (isUp && !isStaying) this.#setDown(link, now);
    return true;
  }

  /** Removes the routers whose addresses may not be compared in this turn. */
  admitted(routers: Set<VirtualRouter>, now: Instant): Set<VirtualRouter> {
    for (const router of routers) if (!this.admits(router, now)) routers.delete(router);
    return routers;
  }

  take(input: VirtualLinkInput, now: Instant): VirtualLinkAnswer[] {
    switch (input.kind) {
      case 'links.up':
        return input.indexes.flatMap((index, position) =>
          this.#isUp(index, at(input.answers, position), now),
        );
      case 'virtual-link.down':
        return this.#isDown(input.name);
      case 'virtual-link.failed':
        return this.#failed(this.#named(input.name), input.message, now);
    }
  }

  #named(name: string): VirtualLink | undefined {
    return this.#of(this.#routers.ownerOf(name));
  }

  /** Undefined if the router has no virtual MAC. */
  #of(router: VirtualRouter | undefined): VirtualLink | undefined {
    const name = router?.settings.virtualMac?.interface;
    if (router === undefined || name === undefined) return undefined;
    const known = this.#states.get(router);
    if (known !== undefined) return known;
    const link = {
      ...{ router, name, requested: false, wasSetUp: false },
      ...{ retryAt: LONG_AGO, downAt: NEVER, fittedTo: 0 },
    };
    this.#states.set(router, link);
    return link;
  }

  /** Needs the parent interface; a failure arrives as `virtual-link.failed`. */
  #make(link: VirtualLink, now: Instant): void {
    const { router, name } = link;
    this.#goingDown.delete(name);
    if (link.requested || router.index === undefined || router.state === 'initialize') return;
    if (!this.#mayRestore(link, now)) return;
    if (now < link.retryAt) {
      this.#timers.set('virtual-link', router.position, link.retryAt);
      return;
    }
    link.requested = true;
    this.#outbox.first({ kind: 'virtual-link.make', name });
  }

  /** False: another program keeps removing it or setting it down, and it is too soon. */
  #mayRestore(link: VirtualLink, now: Instant): boolean {
    return !link.wasSetUp || this.#repairs.allows(link, link.router, now);
  }

  /** Once for each MTU of the parent: a different MTU that is set afterwards is intended. */
  #fit(link: VirtualLink, mtu: number): void {
    const parent = this.#links.byName(link.router.settings.interface)?.attributes.mtu ?? mtu;
    if (mtu === parent || link.fittedTo === parent) return;
    link.fittedTo = parent;
    this.#outbox.first({ kind: 'virtual-link.make', name: link.name });
  }

  /** Another program has given the link another MAC address: it is made again. */
  #correct(link: VirtualLink, mac: MacAddress, now: Instant): void {
    const { router, name } = link;
    if (mac === router.settings.virtualMac?.mac) return;
    if (now >= link.retryAt) {
      link.retryAt = after(now, RETRY_AFTER);
      this.#outbox.first({ kind: 'virtual-link.make', name });
    }
    this.#timers.set('virtual-link', router.position, link.retryAt);
  }

  #setUp(link: VirtualLink, index: number): boolean {
    if (this.#allowance === 0) {
      this.#waiting.add(link.router);
      return false;
    }
    this.#allowance--;
    this.#outbox.setLinkUp(index);
    return true;
  }

  #setDown(link: VirtualLink, now: Instant): void {
    if (link.downAt === NEVER) link.downAt = hasIpv6(link) ? now : after(now, SET_DOWN_AFTER);
    if (link.downAt > now || this.#goingDown.size > 0) {
      const at = latest(link.downAt, after(now, SET_DOWN_SPACING));
      this.#timers.set('virtual-link', link.router.position, at);
      return;
    }
    link.downAt = NEVER;
    this.#goingDown.add(link.name);
    this.#outbox.first({ kind: 'virtual-link.set-down', name: link.name });
  }

  #isUp(index: number, { errno, text }: KernelAnswer, now: Instant): VirtualLinkAnswer[] {
    const name = this.#links.byIndex(index)?.attributes.name;
    const link = name === undefined ? undefined : this.#named(name);
    if (link === undefined) return [];
    const { router } = link;
    // It is being removed, and the kernel is about to report that.
    if (errno === ENODEV) return [];
    if (errno !== 0) {
      this.#report(
        link,
        `it cannot be set up (errno ${errno}${text === undefined ? '' : `: ${text}`})`,
      );
      return [{ router, outcome: 'refused' }];
    }
    this.#links.setUp(index, true);
    const restored = link.wasSetUp;
    link.wasSetUp = true;
    if (!restored) return [{ router, outcome: 'up' }];
    const instance = router.settings.name;
    const count = this.#repairs.made(link, now);
    if (count !== undefined) {
      this.#outbox.report({
        kind: 'virtual-link-restored',
        ...{ instance, interface: link.name, count },
      });
    }
    return [{ router, outcome: 'restored' }];
  }

  #isDown(name: string): VirtualLinkAnswer[] {
    if (!this.#goingDown.delete(name)) return [];
    const index = this.#links.byName(name)?.attributes.index;
    if (index !== undefined) this.#links.setUp(index, false);
    const router = this.#routers.ownerOf(name);
    return router === undefined ? [] : [{ router, outcome: 'down' }];
  }

  #failed(link: VirtualLink | undefined, message: string, now: Instant): VirtualLinkAnswer[] {
    if (link === undefined) return [];
    const { router } = link;
    if (!router.lacksVirtualLink) this.#report(link, message);
    router.lacksVirtualLink = true;
    link.requested = false;
    link.retryAt = after(now, RETRY_AFTER);
    this.#timers.set('virtual-link', router.position, link.retryAt);
    return [{ router, outcome: 'missing' }];
  }

  #report({ router, name }: VirtualLink, message: string): void {
    const instance = router.settings.name;
    this.#outbox.report({ kind: 'virtual-link-failed', instance, interface: name, message });
  }

  /** An address of another program stays, and does not keep the virtual MAC on the segment. */
  #hasAddresses({ router, name }: VirtualLink): boolean {
    const link = this.#links.byName(name);
    return router.addresses.some(
      (one) => one.interface === name && ownFormOn(link, one) !== undefined,
    );
  }
}

/**
 * An IPv6 link soon reports the multicast groups it has left, from the virtual MAC: set it down
 * first.
 */
function hasIpv6({ router, name }: VirtualLink): boolean {
  return router.addresses.some((one) => one.interface === name && familyOf(one.address) === 'ipv6');
}
