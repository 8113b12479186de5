/**
 * Carries out what the table asks for: one event for one router, its effects, and the report of
 * it. The advertisement that is due and the advertisement that was expected do not come by here
 * (`engine.ts`, `reception.ts`); a property test holds that they agree with the table.
 */
import { type Step, step } from '../../fsm/step.ts';
import type { Effect } from '../../fsm/vrrp/effects.ts';
import type { VrrpEvent } from '../../fsm/vrrp/events.ts';
import { after, type Duration, type Instant, NEVER, seconds } from '../net/time.ts';
import { settledAfter } from './address-conflicts.ts';
import type { AddressKeeper } from './address-keeper.ts';
import type { Announcer } from './announcer.ts';
import { causeOf } from './causes.ts';
import type { CounterTable } from './counters.ts';
import { armLease } from './leases.ts';
import type { Outbox } from './outbox.ts';
import { messagesIn } from './packets.ts';
import { parts } from './parting.ts';
import { type Heard, Rivalries } from './rivalries.ts';
import { stateNameOf } from './state-name.ts';
import { noteTable } from './table-wait.ts';
import { type Decision, TakeOverLeave } from './take-over-leave.ts';
import type { Timers } from './timers.ts';
import type { NewMasterReason } from './view.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** When a refused VIP, link or socket is tried again. */
const RETRY_AFTER = seconds(5);

export interface TransitionsParts {
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly counters: CounterTable;
  readonly announcer: Announcer;
  readonly keeper: AddressKeeper;
  /** How long a successor has to be noticed. */
  readonly parting: Duration;
}

export class Transitions {
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #counters: CounterTable;
  readonly #announcer: Announcer;
  readonly #keeper: AddressKeeper;
  readonly #parting: Duration;
  /** Routers whose addresses are to be compared, and whose row in `status` has changed. */
  readonly dirty = new Set<VirtualRouter>();
  readonly changed = new Set<VirtualRouter>();
  readonly leave: TakeOverLeave;
  readonly rivalries: Rivalries;
  /** Members of sync groups that have gone from MASTER to BACKUP in this turn. */
  readonly yielded = new Set<VirtualRouter>();
  /** Members in BACKUP that have heard their MASTER in this turn. */
  readonly following = new Set<VirtualRouter>();
  /** Members whose `before_master` has been decided in this turn, and whether they may go on. */
  readonly decided = new Map<VirtualRouter, boolean>();

  constructor({ timers, outbox, counters, announcer, keeper, parting }: TransitionsParts) {
    this.#timers = timers;
    this.#outbox = outbox;
    this.#counters = counters;
    this.#announcer = announcer;
    this.#keeper = keeper;
    this.#parting = parting;
    this.leave = new TakeOverLeave(timers, outbox);
    this.rivalries = new Rivalries(timers, counters, outbox);
  }

  /** Answers the step taken, so that the caller can see which row of the table it was. */
  apply(router: VirtualRouter, event: VrrpEvent, now: Instant, heard?: Heard): Step {
    const before = { state: router.state, context: router.context };
    if (this.leave.withholds(router, event, now)) {
      return { ...before, effects: [], taken: undefined };
    }
    const taken = step(router.state, router.context, event);
    if (taken.taken === undefined) return taken;
    router.state = taken.state;
    router.context = taken.context;
    router.expected = undefined;
    if (event.type === 'priority-changed') router.priorityChanged();
    if (taken.state !== before.state && parts(router, before.state, event)) this.#part(router, now);
    for (const effect of taken.effects) this.#perform(router, effect, now);
    if (router.group !== undefined) this.#noteInGroup(router, before.state, event, taken);
    if (taken.taken.meta['event'] === 'lower-priority-master' && heard !== undefined) {
      this.rivalries.noteLoser(router, event, heard, now);
    }
    if (taken.state !== before.state) {
      this.#recordTransition(router, before, event, taken, now, heard);
      this.rivalries.end(router);
    }
    return taken;
  }

  /** What other rows of the timers than those of the table are there for. */
  fire(at: (position: number) => VirtualRouter | undefined, now: Instant): void {
    this.#timers.fire('parting', now, (position) => {
      const router = at(position);
      if (router?.parting !== true) return;
      router.parting = false;
      this.dirty.add(router);
    });
    this.#timers.fire('rival', now, (position) => {
      const router = at(position);
      if (router === undefined || !this.rivalries.end(router)) return;
      router.announcements.contest(now);
      this.#announcer.announce(router, now);
    });
    this.#timers.fire('leave', now, (position) => {
      const router = at(position);
      if (router !== undefined) this.#resume(this.leave.timeOut(router, now), now);
    });
  }

  /** The answer to a take-over that has asked for leave. */
  takeLeave(
    { id, granted }: { readonly id: number; readonly granted: boolean },
    router: VirtualRouter | undefined,
    now: Instant,
  ): void {
    this.#resume(this.leave.answer(router, id, granted, now), now);
  }

  /** What the table of connections is worth; matters to a preemption that waits for it. */
  noteTable(
    router: VirtualRouter | undefined,
    { synced }: { readonly synced: boolean },
    now: Instant,
  ): void {
    if (router !== undefined && noteTable(router, synced, this.#timers, now)) {
      this.changed.add(router);
    }
  }

  /** What becomes of a member is for its group. */
  #resume(decision: Decision | undefined, now: Instant): void {
    if (decision === undefined) return;
    const { router, event, goesOn } = decision;
    if (router.group !== undefined) this.decided.set(router, goesOn);
    else if (goesOn) {
      this.apply(router, event, now);
      this.leave.withdraw(router);
    }
  }

  /**
   * Puts the router's effective priority into force, whatever has changed it: the one place for
   * overrides, tracked things and a new configuration. `reason` is for people.
   */
  reprioritize(router: VirtualRouter, reason: string, now: Instant): void {
    this.changed.add(router);
    const { effective } = router.priority;
    const before = router.context.priority;
    if (effective === before) return;
    this.apply(router, { type: 'priority-changed', priority: effective }, now);
    if (router.state === 'initialize') return;
    const instance = router.settings.name;
    this.#outbox.report({
      kind: 'priority-changed',
      instance,
      from: before,
      to: effective,
      reason,
    });
  }

  #part(router: VirtualRouter, now: Instant): void {
    if (this.#parting === 0) return;
    router.parting = true;
    this.#timers.set('parting', router.position, after(now, this.#parting));
  }

  #noteInGroup(
    router: VirtualRouter,
    from: VirtualRouter['state'],
    event: VrrpEvent,
    { state, effects }: Step,
  ): void {
    if (from === 'holding.master' && state === 'backup') this.yielded.add(router);
    const restarts = effects.some(({ type }) => type === 'startDownTimer');
    if (from === 'backup' && restarts && event.type === 'advertisement' && event.priority > 0) {
      this.following.add(router);
    }
    const isHindered =
      router.takeOver === 'preempt-hold-timeout' ? !router.context.holding : restarts;
    if (state !== 'backup' || isHindered) router.takeOver = undefined;
  }

  /** What the kernel has refused is tried again then. */
  retryLater(router: VirtualRouter, now: Instant, delay: Duration = RETRY_AFTER): void {
    this.#timers.set('addresses', router.position, after(now, delay));
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

  #perform(router: VirtualRouter, effect: Effect, now: Instant): void {
    const { position } = router;
    switch (effect.type) {
      case 'sendAdvertisement':
        this.advertise(router, now);
        return;
      case 'sendResignation':
        this.#resign(router);
        return;
      case 'answerAdvertisement':
        this.#answer(router, effect.restart, now);
        return;
      case 'acquireAddresses':
        router.parting = false;
        router.announcements.stop();
        this.#announcer.endRound(router);
        armLease(this.#timers, router, now);
        this.dirty.add(router);
        return;
      case 'releaseAddresses':
        router.announcements.stop();
        router.announceWhenReady = false;
        this.#timers.clear('announce', position);
        this.#timers.clear('lease', position);
        this.dirty.add(router);
        return;
      case 'announce':
        router.announcements.start(now);
        this.#announcer.announce(router, now);
        return;
      case 'announceAgain':
        router.announcements.contest(now);
        this.#announcer.announce(router, now);
        return;
      case 'startAdverTimer':
        this.#timers.set('adver', position, firstTick(router.context.advertisementInterval, now));
        return;
      case 'cancelAdverTimer':
        this.#timers.clear('adver', position);
        return;
      case 'startDownTimer': {
        const at = after(now, effect.duration);
        const running = effect.hastens === true ? this.#timers.at('down', position) : at;
        this.#timers.set('down', position, Math.min(at, running) as Instant);
        return;
      }
      case 'shiftDownTimer': {
        const deadline = this.#timers.at('down', position);
        if (deadline !== NEVER)
          this.#timers.set('down', position, (deadline + effect.by) as Instant);
        return;
      }
      case 'cancelDownTimer':
        this.#timers.clear('down', position);
        return;
      case 'startHoldTimer':
        this.#timers.set('hold', position, after(now, effect.duration));
        this.changed.add(router);
        return;
      case 'cancelHoldTimer':
        this.#timers.clear('hold', position);
        this.changed.add(router);
        this.leave.withdraw(router);
        return;
      case 'startReleaseTimer':
        this.#timers.set('release', position, earlier(after(now, effect.duration), router));
        return;
      case 'cancelReleaseTimer':
        this.#timers.clear('release', position);
        return;
    }
  }

  #resign(router: VirtualRouter): void {
    if (this.#keeper.mustProve(router)) return;
    const datagrams = router.resignations();
    this.#outbox.sendDatagrams(datagrams);
    const messages = messagesIn(datagrams);
    this.#counters.add(router.row, 'advertisement-sent', messages);
    this.#counters.add(router.row, 'priority-zero-pkts-sent', messages);
  }

  /**
   * DEVIATION: RFC 9568 section 6.4.3 answers each time. A tenth of the interval, 10 ms at most,
   * lies between two answers here: whoever is to hear them hears the first.
   */
  #answer(router: VirtualRouter, restart: boolean, now: Instant): void {
    const interval = router.context.advertisementInterval;
    if (now - router.lastSentAt < Math.min(interval / 10, 10_000)) return;
    this.advertise(router, now);
    if (restart) this.#timers.set('adver', router.position, firstTick(interval, now));
  }

  #recordTransition(
    router: VirtualRouter,
    before: { readonly state: VirtualRouter['state']; readonly context: VirtualRouter['context'] },
    event: VrrpEvent,
    taken: Step,
    now: Instant,
    heard: Heard | undefined,
  ): void {
    this.changed.add(router);
    const from = stateNameOf(before.state);
    const to = router.stateName;
    if (to === 'MASTER' && from !== 'MASTER') this.#becameMaster(router, now);
    if (to !== 'MASTER' && to !== 'BACKUP') router.master = null;
    if (to === 'BACKUP' && heard === undefined) router.master = null;
    if (from === to) return;
    const eventName = taken.taken?.meta['event'] ?? event.type;
    const { cause, reason } = causeOf(before, router, event, heard?.from);
    router.resignedBy = undefined;
    router.outranks = undefined;
    router.since = now;
    if (from === 'INIT' || from === 'FAULT') router.upSince = now;
    if (to === 'MASTER') router.newMasterReason = newMasterReason(taken.taken?.meta['reason']);
    router.lastTransition = { from, to, at: now, event: eventName, cause, reason };
    this.#outbox.report({
      kind: 'transition',
      at: now,
      instance: router.settings.name,
      from,
      to,
      event: eventName,
      cause,
      reason,
      priority: router.context.priority,
    });
  }

  #becameMaster(router: VirtualRouter, now: Instant): void {
    if (router.settings.addressConflict === 'fault') {
      this.#timers.set('conflict', router.position, after(now, settledAfter(router)));
    }
    this.#counters.add(router.row, 'master-transitions');
    if (router.source === undefined) return;
    router.master = {
      address: router.source,
      priority: router.context.priority,
      intervalMs: router.context.advertisementInterval / 1_000,
    };
  }
}

/** A planned hand-over waits no longer than it was told to. */
function earlier(at: Instant, { context, releaseUntil }: VirtualRouter): Instant {
  return context.leaving === 'stop' ? at : (Math.min(at, releaseUntil) as Instant);
}

/**
 * Start of the grid on which a MASTER advertises: one interval from now, brought forward to a
 * multiple of a tenth of the interval, 10 ms at most. Routers that became MASTER one after the other
 * then share their ticks, and one system call sends for all of them.
 */
export function firstTick(interval: Duration, now: Instant): Instant {
  const slot = Math.min(interval / 10, 10_000);
  return (Math.floor((now + interval) / slot) * slot) as Instant;
}

/** RFC 8347: what the table says of the take-over; an owner has the priority for it. */
function newMasterReason(reason: unknown): NewMasterReason {
  return reason === 'no-response' || reason === 'preempted' ? reason : 'priority';
}
