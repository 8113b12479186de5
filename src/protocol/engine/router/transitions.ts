/**
 * One event for one router: the table is asked, its effects are performed, and what has happened is
 * reported. Nothing else moves a router from state to state.
 */
import type { Step } from '../../../../fsm/step.ts';
import {
  isBackup,
  type RowMeta,
  type VrrpEvent,
  type VrrpState,
} from '../../../../fsm/vrrp/model.ts';
import { after, type Duration, type Instant, seconds } from '../../../net/time.ts';
import { settledAfter } from '../addresses/address-conflicts.ts';
import type { Announcer } from '../addresses/announcer.ts';
import { causeOf } from '../causes.ts';
import type { CounterTable } from '../counters.ts';
import type { Outbox } from '../outbox.ts';
import { stateNameOf } from '../state-name.ts';
import type { Timers } from '../timers.ts';
import { parts } from './parting.ts';
import type { Protocol } from './protocol.ts';
import { type Heard, Rivalries } from './rivalries.ts';
import type { RouterActions } from './router-actions.ts';
import type { VirtualRouter } from './virtual-router.ts';

/** When a refused VIP, link or socket is tried again. */
const RETRY_AFTER = seconds(5);

export interface TransitionsParts {
  readonly protocol: Protocol;
  readonly actions: RouterActions;
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly counters: CounterTable;
  readonly announcer: Announcer;
  /** How long a successor has to be noticed. */
  readonly parting: Duration;
}

/** A router before the event. */
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
  readonly #parting: Duration;
  /** Routers whose addresses are to be compared, and whose row in `status` has changed. */
  readonly dirty: Set<VirtualRouter>;
  readonly changed = new Set<VirtualRouter>();
  readonly rivalries: Rivalries;
  /** Members of sync groups that have gone from MASTER to BACKUP in this turn. */
  readonly yielded = new Set<VirtualRouter>();
  /** Members in BACKUP that have heard their MASTER in this turn. */
  readonly following = new Set<VirtualRouter>();

  constructor(given: TransitionsParts) {
    this.#protocol = given.protocol;
    this.#actions = given.actions;
    this.#timers = given.timers;
    this.#outbox = given.outbox;
    this.#counters = given.counters;
    this.#announcer = given.announcer;
    this.#parting = given.parting;
    this.dirty = given.actions.dirty;
    this.rivalries = new Rivalries(given.timers, given.counters, given.outbox);
  }

  /** Answers the step taken, so that the caller can see which row of the table it was. */
  apply(
    router: VirtualRouter,
    event: VrrpEvent,
    now: Instant,
    { heard, due = now }: { readonly heard?: Heard; readonly due?: Instant } = NOTHING,
  ): Step {
    const before = { state: router.state, context: router.context };
    const step = this.#protocol.step(router, event);
    if (step.taken === undefined) return step;
    const { meta } = step.taken;
    if (event.type === 'priority-changed') router.priorityChanged();
    if (step.state !== before.state && parts(router, before.state, event)) this.#part(router, now);
    this.#protocol.perform(router, step.effects, now, due);
    if (router.group !== undefined) this.#noteInGroup(router, before.state, meta);
    if (meta.event === 'lower-priority-master' && heard !== undefined) {
      this.rivalries.noteLoser(router, event, heard, now);
    }
    if (step.state !== before.state) {
      this.#recordTransition(router, before, event, meta, now, heard);
      this.rivalries.end(router);
    }
    return step;
  }

  /** The grid of a MASTER: after the first tick the table is not asked again. */
  advertisementDue(router: VirtualRouter, now: Instant, due: Instant, shortcut: boolean): void {
    if (router.due !== undefined) {
      this.#protocol.perform(router, router.due, now, due);
      return;
    }
    const { taken, effects } = this.apply(router, ADVERTISEMENT_DUE, now, { due });
    if (shortcut && taken?.meta.repeats === true) router.due = effects;
  }

  /** Timers that are not the protocol's. */
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
  }

  /** What the connection table is worth: it matters to a preemption that waits for it. */
  noteConnections(router: VirtualRouter | undefined, synced: boolean, now: Instant): void {
    if (router === undefined || router.lacksConnections === !synced) return;
    router.lacksConnections = !synced;
    const { preemptDelay } = router;
    if (preemptDelay === router.context.preemptDelay) return;
    const type = synced ? 'connections-synced' : 'connections-lagging';
    this.apply(router, { type, preemptDelay }, now);
    this.changed.add(router);
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

  /** What the kernel has refused is tried again then. */
  retryLater(router: VirtualRouter, now: Instant, delay: Duration = RETRY_AFTER): void {
    this.#timers.set('addresses', router.position, after(now, delay));
  }

  /** Sends the router's advertisement out of turn. */
  advertise(router: VirtualRouter, now: Instant): void {
    this.#actions.advertise(router, now);
  }

  #part(router: VirtualRouter, now: Instant): void {
    if (this.#parting === 0) return;
    router.parting = true;
    this.#timers.set('parting', router.position, after(now, this.#parting));
  }

  #noteInGroup(router: VirtualRouter, from: VrrpState, { follows }: RowMeta): void {
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
    router.since = now;
    if (from === 'INIT' || from === 'FAULT') router.upSince = now;
    // RFC 8347: what the table says of the take-over; an owner has the priority for it.
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
    if (router.source === undefined) return;
    router.master = {
      address: router.source,
      priority: router.context.priority,
      intervalMs: router.context.advertisementInterval / 1_000,
    };
  }
}

const NOTHING = {};

const ADVERTISEMENT_DUE = { type: 'adver-timer' } as const;
