/**
 * Hand-overs under way: make before break. The router sends priority 0 and serves the VIPs until the
 * successor is heard. The requester is answered once the VIPs are removed here, or once no successor
 * was heard and this router remains MASTER.
 */
import { after, elapsed, type Instant } from '../../../net/time.ts';
import type { AddressKeeper } from '../addresses/address-keeper.ts';
import type { HandOverTerms, OperatorAnswer } from '../requests.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { TransitionCause } from '../state-name.ts';
import type { MasterView } from '../view.ts';

interface HandOver {
  /** Numbers of the requests: later ones join the hand-over under way. */
  readonly ids: number[];
  readonly startedAt: Instant;
  /** Enters maintenance afterwards. */
  maintenance: boolean;
  released: Released | undefined;
}

interface Released {
  readonly at: Instant;
  /** Null: no successor was heard. */
  readonly successor: MasterView | null;
  readonly cause: TransitionCause | undefined;
}

interface HandOverEvents {
  /** Members of its sync group, including itself. */
  membersOf(router: VirtualRouter): readonly VirtualRouter[];
  /** The router has released, and maintenance begins. */
  enterMaintenance(router: VirtualRouter, now: Instant): void;
  answer(id: number, answer: OperatorAnswer): void;
}

export class HandOvers {
  readonly #running = new Map<VirtualRouter, HandOver>();
  readonly #transitions: Transitions;
  readonly #keeper: AddressKeeper;
  readonly #events: HandOverEvents;

  constructor(transitions: Transitions, keeper: AddressKeeper, events: HandOverEvents) {
    this.#transitions = transitions;
    this.#keeper = keeper;
    this.#events = events;
  }

  isRunning(router: VirtualRouter): boolean {
    return this.#running.has(router);
  }

  /**
   * The router is MASTER, together with every member of its sync group. A hand-over that is already
   * under way also serves this request.
   */
  begin(
    id: number,
    router: VirtualRouter,
    terms: HandOverTerms,
    maintenance: boolean,
    now: Instant,
  ): void {
    for (const member of this.#events.membersOf(router)) {
      if (member === router) this.#begin(member, [id], terms, maintenance, now);
      else if (member.isMaster) this.#begin(member, [], terms, false, now);
      else this.#transitions.apply(member, { type: 'inhibit-preemption' }, now);
    }
  }

  #begin(
    router: VirtualRouter,
    ids: readonly number[],
    { wait, force }: HandOverTerms,
    maintenance: boolean,
    now: Instant,
  ): void {
    const known = this.#running.get(router);
    const until = after(now, wait);
    if (known === undefined) {
      this.#running.set(router, {
        ids: [...ids],
        startedAt: now,
        maintenance,
        released: undefined,
      });
    } else {
      known.ids.push(...ids);
      known.maintenance ||= maintenance;
    }
    this.#transitions.apply(router, { type: 'hand-over', force, until }, now);
  }

  /** Answers the hand-overs that have ended in this turn. */
  settle(now: Instant): void {
    for (const [router, handOver] of this.#running) this.#settle(router, handOver, now);
  }

  #settle(router: VirtualRouter, handOver: HandOver, now: Instant): void {
    const members = handOver.maintenance ? this.#events.membersOf(router) : [router];
    if (members.some(({ state }) => state === 'holding.releasing')) return;
    if (router.isBackup && members.some(({ state }) => state === 'holding.master')) {
      this.#takeBack(router, handOver, now);
      return;
    }
    const released = handOver.released ?? this.#recordRelease(router, handOver, now);
    if (released === undefined) {
      this.#end(router, handOver, this.#endWithout(router, handOver, now));
    } else if (router.isMaster || this.#keeper.hasReleased(router)) {
      this.#end(
        router,
        handOver,
        endWith({ released, startedAt: handOver.startedAt }, router, now),
      );
    }
  }

  /** Another member found no successor: maintenance would take its VIPs out of service. */
  #takeBack(router: VirtualRouter, handOver: HandOver, now: Instant): void {
    this.#transitions.apply(router, { type: 'allow-preemption' }, now);
    const waited = elapsed(handOver.startedAt, now);
    this.#end(router, handOver, { outcome: 'no-successor', waited });
  }

  /** Undefined if the router has not become BACKUP. */
  #recordRelease(router: VirtualRouter, handOver: HandOver, now: Instant): Released | undefined {
    if (!router.isBackup) return undefined;
    const cause = router.lastTransition?.cause;
    handOver.released = { at: now, successor: router.master, cause };
    if (handOver.maintenance) this.#events.enterMaintenance(router, now);
    return handOver.released;
  }

  /** No successor was heard, or another event has interrupted the hand-over. */
  #endWithout(router: VirtualRouter, handOver: HandOver, now: Instant): OperatorAnswer {
    if (router.state === 'holding.master') {
      return { outcome: 'no-successor', waited: elapsed(handOver.startedAt, now) };
    }
    if (handOver.maintenance) this.#events.enterMaintenance(router, now);
    return { outcome: 'broken-off', reason: router.lastTransition?.reason ?? 'it is stopping' };
  }

  #end(router: VirtualRouter, { ids }: HandOver, answer: OperatorAnswer): void {
    this.#running.delete(router);
    for (const id of ids) this.#events.answer(id, answer);
  }
}

function endWith(
  { released, startedAt }: { readonly released: Released; readonly startedAt: Instant },
  { lastTransition }: VirtualRouter,
  now: Instant,
): OperatorAnswer {
  const heardAfter = elapsed(startedAt, released.at);
  const { successor, cause } = released;
  if (successor !== null) {
    return {
      outcome: 'handed-over',
      successor,
      heardAfter,
      releasedAfter: elapsed(startedAt, now),
    };
  }
  if (cause === 'no-successor') return { outcome: 'let-go', waited: heardAfter };
  return { outcome: 'broken-off', reason: lastTransition?.reason ?? 'it was interrupted' };
}
