/** What the effects of the table mean for packets, addresses and reports. */
import type { BeforeMasterOutcome } from '../../../../fsm/vrrp/effects.ts';
import type { Instant } from '../../../net/time.ts';
import type { AddressKeeper } from '../addresses/address-keeper.ts';
import type { Announcer } from '../addresses/announcer.ts';
import { armLease } from '../addresses/leases.ts';
import type { CounterTable } from '../counters.ts';
import type { Outbox } from '../outbox.ts';
import type { Timers } from '../timers.ts';
import { messagesIn } from './packets.ts';
import type { ProtocolActions } from './protocol.ts';
import type { VirtualRouter } from './virtual-router.ts';

export interface RouterActionsParts {
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly counters: CounterTable;
  readonly announcer: Announcer;
  readonly keeper: AddressKeeper;
}

export class RouterActions implements ProtocolActions {
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #counters: CounterTable;
  readonly #announcer: Announcer;
  readonly #keeper: AddressKeeper;
  /** Number of the last request for permission. */
  #lastRequest = 0;
  /** Routers whose addresses are to be compared. */
  readonly dirty = new Set<VirtualRouter>();

  constructor({ timers, outbox, counters, announcer, keeper }: RouterActionsParts) {
    this.#timers = timers;
    this.#outbox = outbox;
    this.#counters = counters;
    this.#announcer = announcer;
    this.#keeper = keeper;
  }

  /** Sends the router's advertisement out of turn or on its grid. */
  advertise(router: VirtualRouter, now: Instant): void {
    if (this.#keeper.mustProve(router)) return;
    const datagrams = router.hasUnheardRival
      ? [...router.advertisements(), ...router.advertisementsInOtherForm()]
      : router.holds
        ? router.advertisements()
        : router.lastWords();
    this.#outbox.sendDatagrams(datagrams);
    this.#counters.add(router.row, 'advertisement-sent', messagesIn(datagrams));
    router.lastSentAt = now;
  }

  resign(router: VirtualRouter): void {
    if (this.#keeper.mustProve(router)) return;
    const datagrams = router.resignations();
    this.#outbox.sendDatagrams(datagrams);
    const messages = messagesIn(datagrams);
    this.#counters.add(router.row, 'advertisement-sent', messages);
    this.#counters.add(router.row, 'priority-zero-pkts-sent', messages);
  }

  /**
   * DEVIATION: RFC 9568 section 6.4.3 answers each time. A tenth of the interval, 10 ms at most,
   * lies between two answers here: a router that is to hear them hears the first.
   */
  answer(router: VirtualRouter, now: Instant): boolean {
    const interval = router.context.advertisementInterval;
    if (now - router.lastSentAt < Math.min(interval / 10, 10_000)) return false;
    this.advertise(router, now);
    return true;
  }

  acquire(router: VirtualRouter, now: Instant): void {
    router.parting = false;
    router.announcements.stop();
    this.#announcer.endRound(router);
    armLease(this.#timers, router, now);
    this.dirty.add(router);
  }

  release(router: VirtualRouter): void {
    router.announcements.stop();
    router.announceWhenReady = false;
    this.#timers.clear('announce', router.position);
    this.#timers.clear('lease', router.position);
    this.dirty.add(router);
  }

  announce(router: VirtualRouter, now: Instant): void {
    router.announcements.start(now);
    this.#announcer.announce(router, now);
  }

  announceAgain(router: VirtualRouter, now: Instant): void {
    router.announcements.contest(now);
    this.#announcer.announce(router, now);
  }

  askBeforeMaster(router: VirtualRouter): void {
    this.#lastRequest += 1;
    router.request = this.#lastRequest;
    this.#report(router, this.#lastRequest, 'asked');
  }

  endBeforeMaster(router: VirtualRouter, outcome: BeforeMasterOutcome): void {
    const { request } = router;
    router.request = undefined;
    // Another process may have asked: the request ended with it.
    if (request !== undefined) this.#report(router, request, outcome);
  }

  #report(router: VirtualRouter, id: number, outcome: 'asked' | BeforeMasterOutcome): void {
    const instance = router.settings.name;
    this.#outbox.report({ kind: 'before-master', instance, id, outcome });
  }
}
