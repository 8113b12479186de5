/**
 * Dual MASTER: this router and a peer are both MASTER and hear each other. Records when that begins and
 * ends.
 */
import type { VrrpEvent } from '../../../../fsm/vrrp/model.ts';
import { masterDownInterval } from '../../../../fsm/vrrp/timing.ts';
import type { IpAddress } from '../../../net/address.ts';
import {
  after,
  type Duration,
  elapsed,
  type Instant,
  LONG_AGO,
  NEVER,
  seconds,
} from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import type { Timers } from '../core/timers.ts';
import type { CounterTable } from '../counters.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** A dual MASTER is reported at most once in this time. */
const REPORT_SPACING = seconds(10);

export interface Heard {
  readonly from: IpAddress;
  readonly priority: number;
}

interface Rivalry {
  /** The other MASTER that was last heard; undefined: there is none at present. */
  peer: IpAddress | undefined;
  since: Instant;
  /** End of the time that has been added to `dual-master-seconds`. */
  countedUntil: Instant;
  reportedAt: Instant;
}

export class Rivalries {
  readonly #timers: Timers;
  readonly #counters: CounterTable;
  readonly #outbox: Outbox;
  readonly #rivalries = new WeakMap<VirtualRouter, Rivalry>();

  constructor(timers: Timers, counters: CounterTable, outbox: Outbox) {
    this.#timers = timers;
    this.#counters = counters;
    this.#outbox = outbox;
  }

  /**
   * A MASTER has heard another one that loses against it. An advertisement speaks for its sender until
   * the next one is due; overlaps count once. The last advertisement of a MASTER that has just been
   * preempted does not make a dual MASTER.
   */
  heardLoser(router: VirtualRouter, event: VrrpEvent, heard: Heard, now: Instant): void {
    if (event.type !== 'advertisement') return;
    if (elapsed(router.since, now) < router.context.advertisementInterval) return;
    const rivalry = this.#of(router);
    const until = after(now, event.interval);
    const counted = Math.max(now, rivalry.countedUntil);
    if (until > counted) {
      this.#counters.add(router.row, 'dual-master-seconds', (until - counted) / 1_000_000);
      rivalry.countedUntil = until;
    }
    if (rivalry.peer === undefined) rivalry.since = now;
    rivalry.peer = heard.from;
    // Twice its interval, so that one lost advertisement does not end it.
    this.#timers.set('rival', router.position, after(until, event.interval));
    if (elapsed(rivalry.reportedAt, now) < REPORT_SPACING) return;
    rivalry.reportedAt = now;
    this.#outbox.report({
      kind: 'dual-master',
      instance: router.settings.name,
      peer: heard.from,
      peerPriority: heard.priority,
    });
  }

  /** The peer is silent, or this router is no longer MASTER. True: this router has won. */
  end(router: VirtualRouter): boolean {
    const rivalry = this.#rivalries.get(router);
    const peer = rivalry?.peer;
    if (rivalry === undefined || peer === undefined) return false;
    rivalry.peer = undefined;
    this.#timers.clear('rival', router.position);
    if (router.state !== 'holding.master') return false;
    this.#outbox.report({
      kind: 'dual-master-ended',
      instance: router.settings.name,
      peer,
      microseconds: elapsed(rivalry.since, rivalry.countedUntil),
    });
    return true;
  }

  /** True if another MASTER was heard so recently that the protocol may still settle it. */
  isUnsettled(router: VirtualRouter): boolean {
    return this.#rivalries.get(router)?.peer !== undefined;
  }

  #of(router: VirtualRouter): Rivalry {
    let rivalry = this.#rivalries.get(router);
    if (rivalry === undefined) {
      rivalry = { peer: undefined, since: NEVER, countedUntil: LONG_AGO, reportedAt: LONG_AGO };
      this.#rivalries.set(router, rivalry);
    }
    return rivalry;
  }
}

/** The time after which the protocol has settled which of several MASTERs remains. */
export function settledAfter({ context }: VirtualRouter): Duration {
  const { version, priority, advertisementInterval } = context;
  return masterDownInterval(version, priority, advertisementInterval);
}
