/** Two MASTERs that hear each other: how long, who, and when it is over. */
import type { VrrpEvent } from '../../../../fsm/vrrp/model.ts';
import type { IpAddress } from '../../../net/address.ts';
import { after, elapsed, type Instant, LONG_AGO, NEVER, seconds } from '../../../net/time.ts';
import type { CounterTable } from '../counters.ts';
import type { Outbox } from '../outbox.ts';
import type { Timers } from '../timers.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** A dual MASTER is told of once in this time. */
const SPACING = seconds(10);

export interface Heard {
  readonly from: IpAddress;
  readonly priority: number;
}

/** Of one router, with the MASTER that was last heard beside it. */
export class Rivalry {
  peer: IpAddress | undefined = undefined;
  since: Instant = NEVER;
  /** Until when the advertisements of other MASTERs are counted as their time. */
  until: Instant = LONG_AGO;
  toldAt: Instant = LONG_AGO;
}

export class Rivalries {
  readonly #timers: Timers;
  readonly #counters: CounterTable;
  readonly #outbox: Outbox;

  constructor(timers: Timers, counters: CounterTable, outbox: Outbox) {
    this.#timers = timers;
    this.#counters = counters;
    this.#outbox = outbox;
  }

  /**
   * A MASTER has heard one that loses against it. An advertisement speaks for its sender until the
   * next one is due; overlaps count once. The last words of a MASTER that has just been preempted
   * are no dual MASTER.
   */
  noteLoser(router: VirtualRouter, event: VrrpEvent, heard: Heard, now: Instant): void {
    if (event.type !== 'advertisement') return;
    if (elapsed(router.since, now) < router.context.advertisementInterval) return;
    const { rivalry } = router;
    const until = after(now, event.interval);
    const counted = Math.max(now, rivalry.until);
    if (until > counted) {
      this.#counters.add(router.row, 'dual-master-seconds', (until - counted) / 1_000_000);
      rivalry.until = until;
    }
    if (rivalry.peer === undefined) rivalry.since = now;
    rivalry.peer = heard.from;
    // Twice its interval: one lost advertisement is no end.
    this.#timers.set('rival', router.position, after(until, event.interval));
    if (elapsed(rivalry.toldAt, now) < SPACING) return;
    rivalry.toldAt = now;
    this.#outbox.report({
      kind: 'dual-master',
      instance: router.settings.name,
      peer: heard.from,
      peerPriority: heard.priority,
    });
  }

  /** The other one is silent, or this router is MASTER no more; true: it has won. */
  end(router: VirtualRouter): boolean {
    const { rivalry } = router;
    const { peer } = rivalry;
    if (peer === undefined) return false;
    rivalry.peer = undefined;
    this.#timers.clear('rival', router.position);
    if (router.state !== 'holding.master') return false;
    this.#outbox.report({
      kind: 'dual-master-ended',
      instance: router.settings.name,
      peer,
      microseconds: elapsed(rivalry.since, rivalry.until),
    });
    return true;
  }

  /** Whether another MASTER was heard so lately that the protocol may still settle it. */
  isUnsettled({ rivalry }: VirtualRouter): boolean {
    return rivalry.peer !== undefined;
  }
}
