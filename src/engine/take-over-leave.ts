/**
 * Leave to become MASTER, asked of the world outside when the instance has `before_master`. While it
 * waits the router is BACKUP in every respect: it listens, and whoever is MASTER by then makes the
 * question void. The deadline is kept here, so nobody outside can hold a take-over up.
 *
 * DEVIATION: RFC 9568 section 6.4.2 becomes Active when Active_Down_Timer fires; only with
 * `before_master` the router waits for it, up to the deadline of the configuration.
 */

import type { VrrpEvent } from '../../fsm/vrrp/events.ts';
import { masterDownInterval } from '../../fsm/vrrp/timing.ts';
import { after, type Instant } from '../net/time.ts';
import type { Outbox } from './outbox.ts';
import type { BeforeMasterOutcome } from './reports.ts';
import type { Timers } from './timers.ts';
import type { VirtualRouter } from './virtual-router.ts';

type TakeOver = Extract<
  VrrpEvent,
  { type: 'master-timeout' | 'preempt-hold-timeout' | 'group-master' }
>;

/** What is to be told the table, unless the take-over is off. */
export interface Decision {
  readonly router: VirtualRouter;
  readonly event: TakeOver;
  readonly goesOn: boolean;
}

interface Question {
  readonly id: number;
  /** What the table is told when the answer is yes. */
  readonly event: TakeOver;
}

export class TakeOverLeave {
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #questions = new Map<VirtualRouter, Question>();
  /** They have it; members of sync groups keep it until the others have theirs. */
  readonly #granted = new Set<VirtualRouter>();
  #lastId = 0;

  constructor(timers: Timers, outbox: Outbox) {
    this.#timers = timers;
    this.#outbox = outbox;
  }

  /** Whether the event has to wait; asks for leave when nobody has yet. */
  withholds(router: VirtualRouter, event: VrrpEvent, now: Instant): boolean {
    const { beforeMaster } = router.settings;
    if (beforeMaster === undefined || router.state !== 'backup') return false;
    if (!isTakeOver(event)) return false;
    if (this.#granted.has(router)) return false;
    if (this.#questions.has(router)) return true;
    this.#lastId += 1;
    this.#questions.set(router, { id: this.#lastId, event });
    // What was heard before is looked at again: it may be the MASTER's, who is back.
    router.expected = undefined;
    this.#timers.set('leave', router.position, after(now, beforeMaster.deadline));
    this.#report(router, this.#lastId, 'asked');
    return true;
  }

  /** Members of a group become MASTER in one step: whoever of them needs leave is asked at once. */
  isGrantedTo(routers: readonly VirtualRouter[], now: Instant): boolean {
    const withheld = routers.filter((router) =>
      this.withholds(router, { type: router.takeOver ?? 'group-master' }, now),
    );
    return withheld.length === 0;
  }

  /** Somebody else is MASTER, or there is nothing to take any more. */
  withdraw(router: VirtualRouter): void {
    this.#granted.delete(router);
    const question = this.#close(router);
    if (question !== undefined) this.#report(router, question.id, 'withdrawn');
  }

  /** An answer that comes too late, or to another question, is none. */
  answer(
    router: VirtualRouter | undefined,
    id: number,
    granted: boolean,
    now: Instant,
  ): Decision | undefined {
    if (router === undefined || this.#questions.get(router)?.id !== id) return undefined;
    return this.#decide(router, granted ? 'granted' : 'refused', now);
  }

  timeOut(router: VirtualRouter, now: Instant): Decision | undefined {
    return this.#decide(router, 'timed-out', now);
  }

  #decide(router: VirtualRouter, outcome: BeforeMasterOutcome, now: Instant): Decision | undefined {
    const question = this.#close(router);
    if (question === undefined) return undefined;
    const { event } = question;
    this.#report(router, question.id, outcome);
    if (outcome !== 'granted' && router.settings.beforeMaster?.onFailure === 'abort') {
      this.startAnew(router, event.type, now);
      return { router, event, goesOn: false };
    }
    this.#granted.add(router);
    return { router, event, goesOn: true };
  }

  /** As if nothing had been heard from now on, or the preempt delay began. */
  startAnew(router: VirtualRouter, event: TakeOver['type'], now: Instant): void {
    const { version, priority, masterInterval, preemptDelay } = router.context;
    const down = masterDownInterval(version, priority, masterInterval);
    router.takeOver = undefined;
    if (event === 'preempt-hold-timeout') {
      this.#timers.set('hold', router.position, after(now, preemptDelay));
    } else {
      this.#timers.set('down', router.position, after(now, down));
    }
  }

  #close(router: VirtualRouter): Question | undefined {
    const question = this.#questions.get(router);
    if (question === undefined) return undefined;
    this.#questions.delete(router);
    this.#timers.clear('leave', router.position);
    return question;
  }

  #report(router: VirtualRouter, id: number, outcome: BeforeMasterOutcome): void {
    const instance = router.settings.name;
    this.#outbox.report({ kind: 'before-master', instance, id, outcome });
  }
}

function isTakeOver(event: VrrpEvent): event is TakeOver {
  const { type } = event;
  return type === 'master-timeout' || type === 'preempt-hold-timeout' || type === 'group-master';
}
