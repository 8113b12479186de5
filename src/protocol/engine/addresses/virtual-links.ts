/**
 * The links that carry virtual MAC addresses. Only the MASTER's is up: a BACKUP that sent one frame
 * with the virtual MAC would turn every switch towards itself. Setting one up is done here and now;
 * the kernel takes much longer to make one or to set one down, so that others are asked for that.
 */
import { familyOf } from '../../../net/address.ts';
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
import type { Input } from '../inputs.ts';
import type { LinkTable } from '../links.ts';
import type { Outbox } from '../outbox.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { RouterTable } from '../router-table.ts';
import type { Timers } from '../timers.ts';
import { formOn } from './managed-address.ts';

/** errno(3). */

/** Links that one turn of the loop sets up; each takes some 50 us. */
const RAISED_IN_A_TURN = 16;

/** Without addresses it is silent, and setting it down holds a lock of the kernel for 15 ms. */
const REST_AFTER = seconds(1);

/** They are set down one at a time. */
const REST_SPACING = milliseconds(20);

/** One that could not be made is tried again. */
const RETRY_AFTER = seconds(5);

interface VirtualLink {
  readonly router: VirtualRouter;
  readonly name: string;
  /** Asked for, and not there yet. */
  wanted: boolean;
  /** Not to be asked for before. */
  retryAt: Instant;
  /** Set up in this term of office. */
  raised: boolean;
  /** When it is to be set down. */
  restAt: Instant;
  /** Being set down. */
  resting: boolean;
  /** The MTU of its parent that it has last been asked to have. */
  fittedTo: number;
}

export type VirtualLinkInput = Extract<
  Input,
  { readonly kind: 'links.raised' | 'virtual-link.rested' | 'virtual-link.failed' }
>;

export interface VirtualLinkAnswer {
  readonly router: VirtualRouter;
  /** `restored`: somebody else had set it down or removed it, and hosts are to be told again. */
  readonly outcome: 'raised' | 'restored' | 'rested' | 'refused' | 'missing';
}

export class VirtualLinks {
  readonly #links: LinkTable;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #routers: RouterTable;
  readonly #states = new WeakMap<VirtualRouter, VirtualLink>();
  /** To be set up in the next turn. */
  readonly #waiting = new Set<VirtualRouter>();
  #allowance = RAISED_IN_A_TURN;
  #resting = 0;

  constructor(routers: RouterTable, links: LinkTable, timers: Timers, outbox: Outbox) {
    this.#routers = routers;
    this.#links = links;
    this.#timers = timers;
    this.#outbox = outbox;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Puts those whose links may be set up, set down or made now among the routers to be compared. */
  nextTurn(dirty: Set<VirtualRouter>, now: Instant): void {
    this.#allowance = RAISED_IN_A_TURN;
    this.#timers.fire('virtual-link', now, (position) => {
      const router = this.#routers.at(position);
      if (router !== undefined) dirty.add(router);
    });
    for (const router of this.#waiting) dirty.add(router);
    this.#waiting.clear();
  }

  /** The router whose virtual link was set up or down, if that is all that has changed. */
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
   * Brings the link of the router nearer to what it should be; answers whether its addresses may be
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
    link.wanted = false;
    router.lacksVirtualLink = false;
    this.#fit(link, attributes.mtu);
    const isUp = attributes.up ?? attributes.running;
    if (router.isMaster) {
      link.restAt = NEVER;
      if (link.resting) return false;
      return isUp || this.#raise(link, attributes.index);
    }
    link.raised = false;
    if (isUp && !link.resting && !this.#hasAddresses(link)) this.#rest(link, now);
    return true;
  }

  /** Takes those away whose addresses may not be compared in this turn. */
  admitted(routers: Set<VirtualRouter>, now: Instant): Set<VirtualRouter> {
    for (const router of routers) if (!this.admits(router, now)) routers.delete(router);
    return routers;
  }

  take(input: VirtualLinkInput, now: Instant): VirtualLinkAnswer[] {
    switch (input.kind) {
      case 'links.raised':
        return input.indexes.flatMap((index, position) =>
          this.#raised(index, at(input.answers, position)),
        );
      case 'virtual-link.rested':
        return this.#rested(this.#named(input.name));
      case 'virtual-link.failed':
        return this.#failed(this.#named(input.name), input.message, now);
    }
  }

  #named(name: string): VirtualLink | undefined {
    return this.#of(this.#routers.ownerOf(name));
  }

  /** Undefined where the router has no virtual MAC. */
  #of(router: VirtualRouter | undefined): VirtualLink | undefined {
    const name = router?.settings.virtualMac?.interface;
    if (router === undefined || name === undefined) return undefined;
    const known = this.#states.get(router);
    if (known !== undefined) return known;
    const link = {
      ...{ router, name, wanted: false, raised: false, resting: false },
      ...{ retryAt: LONG_AGO, restAt: NEVER, fittedTo: 0 },
    };
    this.#states.set(router, link);
    return link;
  }

  /** Its own interface has to be there; whoever makes the link says when that has failed. */
  #make(link: VirtualLink, now: Instant): void {
    const { router, name } = link;
    if (link.resting) this.#rested(link);
    if (link.wanted || router.index === undefined || router.state === 'initialize') return;
    if (now < link.retryAt) {
      this.#timers.set('virtual-link', router.position, link.retryAt);
      return;
    }
    link.wanted = true;
    this.#outbox.first({ kind: 'virtual-link.make', name });
  }

  /** Once for each MTU of the parent: whoever gives the link another one afterwards has his reasons. */
  #fit(link: VirtualLink, mtu: number): void {
    const parent = this.#links.byName(link.router.settings.interface)?.attributes.mtu ?? mtu;
    if (mtu === parent || link.fittedTo === parent) return;
    link.fittedTo = parent;
    this.#outbox.first({ kind: 'virtual-link.make', name: link.name });
  }

  #raise(link: VirtualLink, index: number): boolean {
    if (this.#allowance === 0) {
      this.#waiting.add(link.router);
      return false;
    }
    this.#allowance--;
    this.#outbox.raise(index);
    return true;
  }

  #rest(link: VirtualLink, now: Instant): void {
    if (link.restAt === NEVER) link.restAt = hasIpv6(link) ? now : after(now, REST_AFTER);
    if (link.restAt > now || this.#resting > 0) {
      const at = latest(link.restAt, after(now, REST_SPACING));
      this.#timers.set('virtual-link', link.router.position, at);
      return;
    }
    link.restAt = NEVER;
    link.resting = true;
    this.#resting++;
    this.#outbox.first({ kind: 'virtual-link.rest', name: link.name });
  }

  #raised(index: number, { errno, text }: KernelAnswer): VirtualLinkAnswer[] {
    const name = this.#links.byIndex(index)?.attributes.name;
    const link = name === undefined ? undefined : this.#named(name);
    if (link === undefined) return [];
    const { router } = link;
    // It is being removed, of which the kernel is about to tell.
    if (errno === ENODEV) return [];
    if (errno !== 0) {
      this.#report(
        link,
        `it cannot be set up (errno ${errno}${text === undefined ? '' : `: ${text}`})`,
      );
      return [{ router, outcome: 'refused' }];
    }
    this.#links.setUp(index, true);
    const restored = link.raised;
    link.raised = true;
    if (!restored) return [{ router, outcome: 'raised' }];
    const instance = router.settings.name;
    this.#outbox.report({ kind: 'virtual-link-restored', instance, interface: link.name });
    return [{ router, outcome: 'restored' }];
  }

  #rested(link: VirtualLink | undefined): VirtualLinkAnswer[] {
    if (link === undefined || !link.resting) return [];
    link.resting = false;
    this.#resting--;
    const index = this.#links.byName(link.name)?.attributes.index;
    if (index !== undefined) this.#links.setUp(index, false);
    return [{ router: link.router, outcome: 'rested' }];
  }

  #failed(link: VirtualLink | undefined, message: string, now: Instant): VirtualLinkAnswer[] {
    if (link === undefined) return [];
    const { router } = link;
    if (!router.lacksVirtualLink) this.#report(link, message);
    router.lacksVirtualLink = true;
    link.wanted = false;
    link.retryAt = after(now, RETRY_AFTER);
    this.#timers.set('virtual-link', router.position, link.retryAt);
    return [{ router, outcome: 'missing' }];
  }

  #report({ router, name }: VirtualLink, message: string): void {
    const instance = router.settings.name;
    this.#outbox.report({ kind: 'virtual-link-failed', instance, interface: name, message });
  }

  #hasAddresses({ router, name }: VirtualLink): boolean {
    const link = this.#links.byName(name);
    return router.addresses.some(
      (one) => one.interface === name && formOn(link, one) !== undefined,
    );
  }
}

/** With IPv6 it tells routers, moments later, which groups it has left: there is no time to lose. */
function hasIpv6({ router, name }: VirtualLink): boolean {
  return router.addresses.some((one) => one.interface === name && familyOf(one.address) === 'ipv6');
}
