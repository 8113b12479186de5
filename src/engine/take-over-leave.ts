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

interface Question {
  readonly id: number;
  /** What the table is told when the answer is yes. */
  readonly event: TakeOver;
}

export class TakeOverLeave {
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #questions = new Map<VirtualRouter, Question>();
  #granted: VirtualRouter | undefined;
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
    if (router === this.#granted) return false;
    if (this.#questions.has(router)) return true;
    this.#lastId += 1;
    this.#questions.set(router, { id: this.#lastId, event });
    // What was heard before is looked at again: it may be the MASTER's, who is back.
    router.expected = undefined;
    this.#timers.set('leave', router.position, after(now, beforeMaster.deadline));
    this.#report(router, this.#lastId, 'asked');
    return true;
  }

  /** Somebody else is MASTER, or there is nothing to take any more. */
  withdraw(router: VirtualRouter): void {
    const question = this.#close(router);
    if (question !== undefined) this.#report(router, question.id, 'withdrawn');
  }

  /** An answer that comes too late, or to another question, is none. */
  answer(
    router: VirtualRouter | undefined,
    id: number,
    granted: boolean,
    now: Instant,
    apply: (router: VirtualRouter, event: TakeOver, now: Instant) => void,
  ): void {
    if (router === undefined || this.#questions.get(router)?.id !== id) return;
    this.#decide(router, granted ? 'granted' : 'refused', now, apply);
  }

  timeOut(
    router: VirtualRouter,
    now: Instant,
    apply: (router: VirtualRouter, event: TakeOver, now: Instant) => void,
  ): void {
    this.#decide(router, 'timed-out', now, apply);
  }

  #decide(
    router: VirtualRouter,
    outcome: BeforeMasterOutcome,
    now: Instant,
    apply: (router: VirtualRouter, event: TakeOver, now: Instant) => void,
  ): void {
    const question = this.#close(router);
    if (question === undefined) return;
    this.#report(router, question.id, outcome);
    if (outcome !== 'granted' && router.settings.beforeMaster?.onFailure === 'abort') {
      this.#startAnew(router, question.event, now);
      return;
    }
    this.#granted = router;
    apply(router, question.event, now);
    this.#granted = undefined;
  }

  #startAnew(router: VirtualRouter, event: TakeOver, now: Instant): void {
    const { version, priority, masterInterval, preemptDelay } = router.context;
    const down = masterDownInterval(version, priority, masterInterval);
    if (event.type === 'preempt-hold-timeout') {
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
