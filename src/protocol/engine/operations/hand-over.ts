/**
 * Hand-overs under way: make before break. Priority 0 is sent, the VIPs are served until the
 * successor is heard, and the requester is answered once they are gone from here; or once no successor
 * was heard, and this router remains MASTER.
 */
import { after, elapsed, type Instant } from '../../../net/time.ts';
import type { AddressKeeper } from '../addresses/address-keeper.ts';
import type { HandOverTerms, OperatorAnswer } from '../requests.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { TransitionCause } from '../state-name.ts';
import type { MasterView } from '../view.ts';

interface HandOver {
  /** Numbers of the requests: who asks meanwhile waits for the same end. */
  readonly ids: number[];
  readonly startedAt: Instant;
  /** Not eligible afterwards. */
  maintenance: boolean;
  released: Released | undefined;
}

interface Released {
  readonly at: Instant;
  /** Null: none was heard. */
  readonly successor: MasterView | null;
  readonly cause: TransitionCause | undefined;
}

export interface HandOverEvents {
  /** Members of its sync group, itself among them. */
  membersOf(router: VirtualRouter): readonly VirtualRouter[];
  /** It has let go, and is not to be eligible any more. */
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
   * The router is MASTER, and every member of its sync group with it. One that is handing over
   * already does so for this request as well.
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

  /** Ends those that have come to an end with this turn. */
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
    const released = handOver.released ?? this.#noteRelease(router, handOver, now);
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

  /** Nobody has come for another member: maintenance would take its VIPs away from everybody. */
  #takeBack(router: VirtualRouter, handOver: HandOver, now: Instant): void {
    this.#transitions.apply(router, { type: 'allow-preemption' }, now);
    const waited = elapsed(handOver.startedAt, now);
    this.#end(router, handOver, { outcome: 'no-successor', waited });
  }

  /** Undefined: it has not become BACKUP. */
  #noteRelease(router: VirtualRouter, handOver: HandOver, now: Instant): Released | undefined {
    if (!router.isBackup) return undefined;
    const cause = router.lastTransition?.cause;
    handOver.released = { at: now, successor: router.master, cause };
    if (handOver.maintenance) this.#events.enterMaintenance(router, now);
    return handOver.released;
  }

  /** Nobody has come, or the router had to give up for another reason. */
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
