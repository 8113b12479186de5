/** Performs the effects of the table that concern packets, addresses and reports. */
import type { BeforeMasterOutcome } from '../../../../fsm/vrrp/effects.ts';
import type { Instant } from '../../../net/time.ts';
import type { AddressKeeper } from '../addresses/address-keeper.ts';
import type { Announcer } from '../addresses/announcer.ts';
import { armLease } from '../addresses/leases.ts';
import type { Authenticator } from '../authentication/authenticator.ts';
import type { Outbox } from '../core/outbox.ts';
import type { Timers } from '../core/timers.ts';
import type { CounterTable } from '../counters.ts';
import type { Masterships } from '../masterships.ts';
import type { Greeter } from './greeter.ts';
import { messagesIn } from './packets.ts';
import type { ProtocolActions } from './protocol.ts';
import { forgetFailures } from './send-failures.ts';
import type { VirtualRouter } from './virtual-router.ts';

interface RouterActionsParts {
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly counters: CounterTable;
  readonly announcer: Announcer;
  readonly keeper: AddressKeeper;
  readonly greeter: Greeter;
  readonly masterships: Masterships;
  readonly authenticator: Authenticator;
}

export class RouterActions implements ProtocolActions {
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #counters: CounterTable;
  readonly #announcer: Announcer;
  readonly #keeper: AddressKeeper;
  readonly #greeter: Greeter;
  readonly #masterships: Masterships;
  readonly #authenticator: Authenticator;
  /** Number of the last request for permission. */
  #lastRequest = 0;
  /** Routers whose addresses are to be compared with the kernel's. */
  readonly dirty = new Set<VirtualRouter>();

  constructor(parts: RouterActionsParts) {
    const { timers, outbox, counters, announcer, keeper, greeter, masterships, authenticator } =
      parts;
    this.#timers = timers;
    this.#outbox = outbox;
    this.#counters = counters;
    this.#announcer = announcer;
    this.#keeper = keeper;
    this.#greeter = greeter;
    this.#masterships = masterships;
    this.#authenticator = authenticator;
  }

  /** Sends the router's advertisement out of turn or on its grid. */
  advertise(router: VirtualRouter, now: Instant): void {
    if (this.#keeper.mustProve(router)) return;
    const seal = this.#authenticator.sealOf(router, now);
    const datagrams = router.hasUnheardRival
      ? [...router.advertisements(seal), ...router.advertisementsInOtherForm(seal)]
      : router.isMaster
        ? router.advertisements(seal)
        : router.finalAdvertisements(seal);
    this.#outbox.sendDatagrams(datagrams);
    this.#counters.add(router.row, 'advertisement-sent', messagesIn(datagrams));
    forgetFailures(router, now);
    router.lastSentAt = now;
    if (datagrams.length > 0) this.#masterships.advertised(router);
  }

  resign(router: VirtualRouter, now: Instant): void {
    this.#masterships.end(router);
    if (this.#keeper.mustProve(router)) return;
    const datagrams = router.resignations(this.#authenticator.sealOf(router, now));
    this.#outbox.sendDatagrams(datagrams);
    const messages = messagesIn(datagrams);
    this.#counters.add(router.row, 'advertisement-sent', messages);
    this.#counters.add(router.row, 'priority-zero-pkts-sent', messages);
  }

  /**
   * DEVIATION: RFC 9568 section 6.4.3 answers each time. Here at least a tenth of the interval, but
   * no more than 10 ms, lies between two answers: one answer is enough for the loser.
   */
  answer(router: VirtualRouter, now: Instant): boolean {
    const interval = router.context.advertisementInterval;
    if (now - router.lastSentAt < Math.min(interval / 10, 10_000)) return false;
    this.advertise(router, now);
    return true;
  }

  acquire(router: VirtualRouter, now: Instant): void {
    router.inHandoverOverlap = false;
    // What could not leave in an earlier mastership says nothing about this one.
    router.unsent = undefined;
    router.announcements.stop();
    this.#announcer.endRound(router);
    armLease(this.#timers, router, now);
    this.dirty.add(router);
  }

  release(router: VirtualRouter): void {
    this.#masterships.end(router);
    this.#announcer.stop(router);
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

  greet(router: VirtualRouter, now: Instant): void {
    this.#greeter.greet(router, now);
  }

  askBeforeMaster(router: VirtualRouter): void {
    router.permitted = router.context.beforeMaster === undefined;
    if (router.permitted) return;
    this.#lastRequest += 1;
    router.request = this.#lastRequest;
    this.#report(router, this.#lastRequest, 'asked');
  }

  endBeforeMaster(router: VirtualRouter, outcome: BeforeMasterOutcome): void {
    const { request } = router;
    router.request = undefined;
    // Undefined if another process had asked: its request ended with it.
    if (request !== undefined) this.#report(router, request, outcome);
  }

  #report(router: VirtualRouter, id: number, outcome: 'asked' | BeforeMasterOutcome): void {
    const instance = router.settings.name;
    this.#outbox.report({ kind: 'before-master', instance, id, outcome });
  }
}
