/** Sends the scheduled announcements of a MASTER's addresses, a bounded number per turn. */
import { after, type Duration, earliest, type Instant, latest, NEVER } from '../../../net/time.ts';
import type { CounterTable } from '../counters.ts';
import type { LinkTable } from '../links.ts';
import type { Outbox } from '../outbox.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { Timers } from '../timers.ts';
import type { AddressKeeper } from './address-keeper.ts';
import type { ManagedAddress } from './managed-address.ts';

/** Sending them takes a millisecond, and advertisements may be due. */
const ANNOUNCEMENTS_IN_A_TURN = 100;

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

  nextTurn(now: Instant): void {
    this.#remaining = ANNOUNCEMENTS_IN_A_TURN;
    this.#proceed(now);
  }

  /** Sends the rounds that are due, unless the kernel has yet to confirm the addresses. */
  announce(router: VirtualRouter, now: Instant): void {
    if (!router.isMaster) return;
    if (!this.#keeper.isComplete(router)) {
      this.#waiting.add(router);
      return;
    }
    this.#waiting.delete(router);
    if (router.announcements.take(now)) {
      this.#underWay.add(router);
      this.#proceed(now);
      return;
    }
    this.endRound(router);
    this.#timers.set('announce', router.position, router.announcements.next());
  }

  /** Sends as much of the rounds under way as this turn allows. */
  #proceed(now: Instant): void {
    for (const router of this.#underWay) {
      if (!this.#keeper.isComplete(router)) {
        this.#underWay.delete(router);
        this.#waiting.add(router);
        continue;
      }
      const continuesAt = this.#send(router, () => true, now);
      if (continuesAt === now) return;
      if (continuesAt === NEVER) this.endRound(router);
      else this.#underWay.delete(router);
      const next = continuesAt === NEVER ? router.announcements.next() : continuesAt;
      // The next round may have been due while this one lasted: a deadline in the past would be a stall.
      this.#timers.set('announce', router.position, latest(now, next));
    }
  }

  /**
   * The kernel has confirmed addresses: if an announcement waits for them, they are announced without
   * waiting for the others.
   */
  addressesArrived(router: VirtualRouter, now: Instant): void {
    if (!router.isMaster || !this.#waiting.has(router)) return;
    if (!this.#keeper.isComplete(router) && router.announcements.next() <= now) {
      this.#send(router, (address) => this.#keeper.isPresent(address), now);
    }
    this.announce(router, now);
  }

  /** Ends every announcement of the router, also one that waits for its addresses. */
  stop(router: VirtualRouter): void {
    router.announcements.stop();
    this.#waiting.delete(router);
    this.#underWay.delete(router);
    this.#timers.clear('announce', router.position);
  }

  /** Ends the round under way. */
  endRound(router: VirtualRouter): void {
    this.#underWay.delete(router);
    router.announcements.complete();
    for (const address of router.addresses) address.formsSent = 0;
  }

  /** Returns when the rest of the round may be sent: now, in the next turn; NEVER: there is none. */
  #send(router: VirtualRouter, isDue: (address: ManagedAddress) => boolean, now: Instant): Instant {
    const announcements = router.announcementsOn(this.#links);
    const { interval = 0 as Duration } = router.settings.garp;
    let continuesAt = NEVER;
    for (let wave = 0; wave < FORMS_MAX; wave++) {
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
