/**
 * Sends the scheduled announcements of a MASTER's addresses, a bounded number per turn: those of all routers
 * together, at the end of a turn, so that each VIP is announced once before any is announced again.
 */
import { after, type Duration, earliest, type Instant, latest, NEVER } from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import type { Timers } from '../core/timers.ts';
import type { CounterTable } from '../counters.ts';
import type { LinkTable } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { AddressKeeper } from './address-keeper.ts';
import type { ManagedAddress } from './managed-address.ts';

/** Those of 255 routers with an address each: sending them takes a millisecond, and advertisements may be due. */
const ANNOUNCEMENTS_IN_A_TURN = 256;

/** ARP request and reply. */
const FORMS_MAX = 2;

interface AnnouncerParts {
  readonly links: LinkTable;
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly counters: CounterTable;
  readonly keeper: AddressKeeper;
}

export class Announcer {
  readonly #links: LinkTable;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #counters: CounterTable;
  readonly #keeper: AddressKeeper;
  /** Routers whose announcement waits until the kernel has confirmed the addresses. */
  readonly #waiting = new WeakSet<VirtualRouter>();
  /** Routers with a round under way, oldest first: none begins a second one before all have had one. */
  readonly #underWay = new Set<VirtualRouter>();
  /** Those of them of whose VIPs some have not been announced in this round. */
  readonly #begun = new Set<VirtualRouter>();
  /** When the next announcement may leave on a link, with `garp.interval`. */
  readonly #freeAt = new Map<number, Instant>();
  #remaining = ANNOUNCEMENTS_IN_A_TURN;

  constructor({ links, timers, outbox, counters, keeper }: AnnouncerParts) {
    this.#links = links;
    this.#timers = timers;
    this.#outbox = outbox;
    this.#counters = counters;
    this.#keeper = keeper;
  }

  /** Rounds are left for the next turn. */
  get isWaiting(): boolean {
    return this.#underWay.size > 0;
  }

  nextTurn(): void {
    this.#remaining = ANNOUNCEMENTS_IN_A_TURN;
  }

  /** Begins the rounds that are due, unless the kernel has yet to confirm the addresses. */
  announce(router: VirtualRouter, now: Instant): void {
    if (!router.isMaster) return;
    if (!this.#keeper.isComplete(router)) {
      this.#waiting.add(router);
      return;
    }
    this.#waiting.delete(router);
    if (router.announcements.take(now)) {
      this.#underWay.add(router);
      this.#begun.add(router);
      return;
    }
    this.endRound(router);
    this.#timers.set('announce', router.position, router.announcements.next());
  }

  /** Ends a turn: sends as much of the rounds under way as the turn allows. */
  settle(now: Instant): void {
    if (this.#underWay.size === 0 || this.#remaining === 0) return;
    for (const router of this.#begun) {
      if (this.#isReady(router) && this.#send(router, now, { forms: 1 }) === now) return;
      this.#begun.delete(router);
    }
    for (const router of this.#underWay) {
      if (!this.#isReady(router)) continue;
      const continuesAt = this.#send(router, now);
      if (continuesAt === now) return;
      if (continuesAt === NEVER) this.endRound(router);
      else this.#forget(router);
      const next = continuesAt === NEVER ? router.announcements.next() : continuesAt;
      // The next round may have been due while this one lasted: a deadline in the past would be a stall.
      this.#timers.set('announce', router.position, latest(now, next));
    }
  }

  /** False: the kernel has yet to confirm addresses again, and the round waits for them. */
  #isReady(router: VirtualRouter): boolean {
    if (this.#keeper.isComplete(router)) return true;
    this.#forget(router);
    this.#waiting.add(router);
    return false;
  }

  #forget(router: VirtualRouter): void {
    this.#underWay.delete(router);
    this.#begun.delete(router);
  }

  /**
   * The kernel has confirmed addresses: if an announcement waits for them, they are announced without
   * waiting for the others.
   */
  addressesArrived(router: VirtualRouter, now: Instant): void {
    if (!router.isMaster || !this.#waiting.has(router)) return;
    if (!this.#keeper.isComplete(router) && router.announcements.next() <= now) {
      this.#send(router, now, { isDue: (address) => this.#keeper.isPresent(address) });
    }
    this.announce(router, now);
  }

  /** Ends every announcement of the router, also one that waits for its addresses. */
  stop(router: VirtualRouter): void {
    router.announcements.stop();
    this.#waiting.delete(router);
    this.#forget(router);
    this.#timers.clear('announce', router.position);
  }

  /** Ends the round under way. */
  endRound(router: VirtualRouter): void {
    this.#forget(router);
    router.announcements.complete();
    for (const address of router.addresses) address.formsSent = 0;
  }

  /**
   * Sends the first forms of the round; returns when the rest of these may be sent: now, in the next turn;
   * NEVER: there is none.
   */
  #send(router: VirtualRouter, now: Instant, { forms = FORMS_MAX, isDue = all } = {}): Instant {
    const announcements = router.announcementsOn(this.#links);
    const { interval = 0 as Duration } = router.settings.garp;
    let continuesAt = NEVER;
    for (let wave = 0; wave < forms; wave++) {
      for (const { address, frames } of announcements) {
        const frame = frames[wave];
        if (frame === undefined || address.formsSent > wave || !isDue(address)) continue;
        if (this.#remaining === 0) return now;
        const freeAt = this.#freeAt.get(frame.index);
        if (freeAt !== undefined && freeAt > now) {
          continuesAt = earliest(continuesAt, freeAt);
          continue;
        }
        if (interval > 0) this.#occupy(frame.index, interval, now);
        this.#remaining--;
        address.formsSent = wave + 1;
        this.#outbox.sendFrames([frame], wave);
        this.#counters.add(router.row, 'announcements-sent');
      }
    }
    return continuesAt;
  }

  #occupy(index: number, interval: Duration, now: Instant): void {
    for (const [other, freeAt] of this.#freeAt) if (freeAt <= now) this.#freeAt.delete(other);
    this.#freeAt.set(index, after(now, interval));
  }
}

const all = (_: ManagedAddress): boolean => true;
