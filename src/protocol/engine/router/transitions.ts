/**
 * Applies one event to one router: takes the step, performs its effects, and reports the transition.
 * Advertisements that repeat, sent or received, bypass this class.
 */
import type { Step } from '../../../../fsm/step.ts';
import {
  isBackup,
  type RowMeta,
  type VrrpEvent,
  type VrrpState,
} from '../../../../fsm/vrrp/model.ts';
import { after, type Duration, type Instant, seconds } from '../../../net/time.ts';
import type { Announcer } from '../addresses/announcer.ts';
import { causeOf } from '../causes.ts';
import type { Outbox } from '../core/outbox.ts';
import type { Timers } from '../core/timers.ts';
import type { CounterTable } from '../counters.ts';
import { stateNameOf } from '../state-name.ts';
import { keepsServing } from './handover-overlap.ts';
import { endsKeeping } from './kept-addresses.ts';
import type { Protocol } from './protocol.ts';
import { type Heard, Rivalries, settledAfter } from './rivalries.ts';
import type { RouterActions } from './router-actions.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** Delay before a refused VIP, link or socket is tried again. */
const RETRY_AFTER = seconds(5);

interface TransitionsParts {
  readonly protocol: Protocol;
  readonly actions: RouterActions;
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly counters: CounterTable;
  readonly announcer: Announcer;
  /** Off in the property test that compares the shortcut with the full path. */
  readonly shortcut: boolean;
  /** How long a router keeps answering after its successor was heard. */
  readonly handoverOverlap: Duration;
}

/** The router before the event. */
interface Before {
  readonly state: VrrpState;
  readonly context: VirtualRouter['context'];
}

export class Transitions {
  readonly #protocol: Protocol;
  readonly #actions: RouterActions;
  readonly #timers: Timers;
  readonly #outbox: Outbox;
  readonly #counters: CounterTable;
  readonly #announcer: Announcer;
  readonly #shortcut: boolean;
  readonly #handoverOverlap: Duration;
  /** Routers whose addresses are to be compared with the kernel's. */
  readonly dirty: Set<VirtualRouter>;
  /** Routers whose row in `status` has changed. */
  readonly changed = new Set<VirtualRouter>();
  readonly rivalries: Rivalries;
  /** Members of sync groups that went from MASTER to BACKUP in this turn. */
  readonly yielded = new Set<VirtualRouter>();
  /** Members of sync groups in BACKUP that heard their MASTER in this turn. */
  readonly following = new Set<VirtualRouter>();

  constructor(given: TransitionsParts) {
    this.#protocol = given.protocol;
    this.#actions = given.actions;
    this.#timers = given.timers;
    this.#outbox = given.outbox;
    this.#counters = given.counters;
    this.#announcer = given.announcer;
    this.#shortcut = given.shortcut;
    this.#handoverOverlap = given.handoverOverlap;
    this.dirty = given.actions.dirty;
    this.rivalries = new Rivalries(given.timers, given.counters, given.outbox);
  }

  /** Returns the step, so that the caller sees which row of the table was taken. */
  apply(
    router: VirtualRouter,
    event: VrrpEvent,
    now: Instant,
    { heard, due = now }: { readonly heard?: Heard; readonly due?: Instant } = NOTHING,
  ): Step {
    const before = { state: router.state, context: router.context };
    const step = this.#protocol.step(router, event);
    if (router.keepsFormer && endsKeeping(event, step.state)) {
      router.keepsFormer = false;
      this.dirty.add(router);
    }
    if (step.taken === undefined) return step;
    const { meta } = step.taken;
    if (event.type === 'priority-changed') router.priorityChanged();
    if (step.state !== before.state && keepsServing(router, before.state, event)) {
      this.#startOverlap(router, now);
    }
    this.#protocol.perform(router, step.effects, now, due);
    if (router.group !== undefined) this.#recordInGroup(router, before.state, meta);
    if (meta.event === 'lower-priority-master' && heard !== undefined) {
      this.rivalries.heardLoser(router, event, heard, now);
    }
    if (step.state !== before.state) {
      this.#recordTransition(router, before, event, meta, now, heard);
      this.rivalries.end(router);
    }
    return step;
  }

  /** A tick of a MASTER's grid. Only the first one takes a step: the others repeat it. */
  advertisementDue(router: VirtualRouter, now: Instant, due: Instant): void {
    if (router.due !== undefined) {
      this.#protocol.perform(router, router.due, now, due);
      return;
    }
    const { taken, effects } = this.apply(router, ADVERTISEMENT_DUE, now, { due });
    if (this.#shortcut && taken?.meta.repeats === true) router.due = effects;
  }

  endOverlap(router: VirtualRouter): void {
    if (!router.inHandoverOverlap) return;
    router.inHandoverOverlap = false;
    this.dirty.add(router);
  }

  /** The other MASTER has fallen silent: the winner announces its addresses again. */
  rivalIsSilent(router: VirtualRouter, now: Instant): void {
    if (!this.rivalries.end(router)) return;
    router.announcements.contest(now);
    this.#announcer.announce(router, now);
  }

  /** The kernel's connection table has caught up, or lags: `preempt_when_synced` waits for it. */
  connectionsChanged(router: VirtualRouter | undefined, synced: boolean, now: Instant): void {
    if (router === undefined || router.lacksConnections === !synced) return;
    router.lacksConnections = !synced;
    const { preemptDelay } = router;
    if (preemptDelay === router.context.preemptDelay) return;
    const type = synced ? 'connections-synced' : 'connections-lagging';
    this.apply(router, { type, preemptDelay }, now);
    this.changed.add(router);
  }

  /**
   * Applies the router's effective priority after an override, a tracked object or the configuration
   * has changed it. `reason` is for people.
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

  /** Schedules another attempt at what the kernel has refused. */
  retryLater(router: VirtualRouter, now: Instant, delay: Duration = RETRY_AFTER): void {
    this.#timers.set('addresses', router.position, after(now, delay));
  }

  /** Sends the router's advertisement out of turn. */
  advertise(router: VirtualRouter, now: Instant): void {
    this.#actions.advertise(router, now);
  }

  #startOverlap(router: VirtualRouter, now: Instant): void {
    if (this.#handoverOverlap === 0) return;
    router.inHandoverOverlap = true;
    this.#timers.set('overlap', router.position, after(now, this.#handoverOverlap));
  }

  #recordInGroup(router: VirtualRouter, from: VrrpState, { follows }: RowMeta): void {
    if (from === 'holding.master' && isBackup(router.state)) this.yielded.add(router);
    if (follows === true) this.following.add(router);
  }

  #recordTransition(
    router: VirtualRouter,
    before: Before,
    event: VrrpEvent,
    meta: RowMeta,
    now: Instant,
    heard: Heard | undefined,
  ): void {
    this.changed.add(router);
    const from = stateNameOf(before.state);
    const to = router.stateName;
    if (from === to) return;
    if (to === 'MASTER') this.#becameMaster(router, now);
    else if (to !== 'BACKUP' || heard === undefined) router.master = null;
    const { cause, reason } = causeOf(before, router, { event, meta, from: heard?.from });
    router.resignedBy = undefined;
    router.outranks = undefined;
    router.evidence = undefined;
    router.since = now;
    if (from === 'INIT' || from === 'FAULT') router.upSince = now;
    // RFC 8347 `new-master-reason`; a row without a reason is that of an owner.
    if (to === 'MASTER') router.newMasterReason = meta.reason ?? 'priority';
    router.lastTransition = { from, to, at: now, event: meta.event ?? event.type, cause, reason };
    const { priority } = router.context;
    const instance = router.settings.name;
    this.#outbox.report({ kind: 'transition', instance, ...router.lastTransition, priority });
  }

  #becameMaster(router: VirtualRouter, now: Instant): void {
    if (router.settings.addressConflict === 'fault') {
      this.#timers.set('conflict', router.position, after(now, settledAfter(router)));
    }
    this.#counters.add(router.row, 'master-transitions');
    router.master = router.asMaster;
  }
}

const NOTHING = {};

const ADVERTISEMENT_DUE = { type: 'adver-timer' } as const;
