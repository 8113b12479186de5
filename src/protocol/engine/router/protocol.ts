/**
 * The only writer of protocol state. `step` takes a step of the table and stores its result: state and
 * context of a router are read-only everywhere else. `perform` carries out the effects; the timers of
 * the protocol are private to this class.
 */
import { type Step, step } from '../../../../fsm/step.ts';
import type { BeforeMasterOutcome, Effect } from '../../../../fsm/vrrp/effects.ts';
import type { VrrpContext, VrrpEvent, VrrpState } from '../../../../fsm/vrrp/model.ts';
import { after, earliest, type Instant, NEVER } from '../../../net/time.ts';
import type { RouterTable } from '../core/router-table.ts';
import { firstTick, nextTick, Timers } from '../core/timers.ts';
import type { VirtualRouter } from './virtual-router.ts';

const TIMERS = [
  /** Adver_Timer, RFC 9568 section 6.2. */
  'adver',
  /** Active_Down_Timer, RFC 9568 section 6.2. */
  'down',
  'preempt-delay',
  /** Wait for the successor. */
  'release',
  /** A router in `ready` is considered again. */
  'group',
  /** Deadline of the answer to `before_master`. */
  'before-master',
] as const;

type ProtocolTimer = (typeof TIMERS)[number];

/** The protocol state of one router as one process hands it to the next. */
export interface ProtocolSnapshot {
  readonly state: VrrpState;
  readonly context: VrrpContext;
  readonly deadlines: { readonly [Timer in ProtocolTimer]: Instant };
}

/** The effects that do not concern timers. */
export interface ProtocolActions {
  advertise(router: VirtualRouter, now: Instant): void;
  resign(router: VirtualRouter, now: Instant): void;
  /** False if omitted, too soon after another answer. */
  answer(router: VirtualRouter, now: Instant): boolean;
  acquire(router: VirtualRouter, now: Instant): void;
  release(router: VirtualRouter): void;
  announce(router: VirtualRouter, now: Instant): void;
  announceAgain(router: VirtualRouter, now: Instant): void;
  greet(router: VirtualRouter, now: Instant): void;
  askBeforeMaster(router: VirtualRouter): void;
  endBeforeMaster(router: VirtualRouter, outcome: BeforeMasterOutcome): void;
}

export class Protocol {
  readonly #routers: RouterTable;
  readonly #actions: ProtocolActions;
  readonly #timers: Timers<ProtocolTimer>;
  /** Number of steps taken. */
  steps = 0;

  constructor(routers: RouterTable, actions: ProtocolActions) {
    this.#routers = routers;
    this.#actions = actions;
    this.#timers = new Timers(TIMERS, routers.size);
  }

  /** The caller has to perform the effects. */
  step(router: VirtualRouter, event: VrrpEvent): Step {
    this.steps++;
    const taken = step(router.state, router.context, event);
    if (taken.taken !== undefined) commit(router, taken);
    return taken;
  }

  /** `due`: the deadline that led to the event. */
  perform(
    router: VirtualRouter,
    effects: readonly Effect[],
    now: Instant,
    due: Instant = now,
  ): void {
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i];
      if (effect !== undefined) this.#perform(router, effect, now, due);
    }
  }

  /** A lower bound of all deadlines. */
  next(): Instant {
    return this.#timers.next();
  }

  /** A lower bound of the deadlines of one timer. */
  nextOf(timer: ProtocolTimer): Instant {
    return this.#timers.nextOf(timer);
  }

  /** Calls back for each router whose timer has fired. */
  fire(
    timer: ProtocolTimer,
    now: Instant,
    callback: (router: VirtualRouter, due: Instant) => void,
  ): void {
    this.#timers.fire(timer, now, (position, due) => {
      const router = this.#routers.at(position);
      if (router !== undefined) callback(router, due);
    });
  }

  deadlineOf(timer: ProtocolTimer, { position }: VirtualRouter): Instant {
    return this.#timers.at(timer, position);
  }

  tighten(): void {
    this.#timers.tighten();
  }

  /** The router table has grown. */
  grow(): void {
    this.#timers.grow(this.#routers.size);
  }

  forget({ position }: VirtualRouter): void {
    this.#timers.clearAll(position);
  }

  capture(router: VirtualRouter): ProtocolSnapshot {
    const { state, context } = router;
    const at = (timer: ProtocolTimer) => [timer, this.#timers.at(timer, router.position)];
    return { state, context, deadlines: Object.fromEntries(TIMERS.map(at)) };
  }

  /** Continues the state of another process; the event `resumed` must follow. */
  resume(router: VirtualRouter, { state, context, deadlines }: ProtocolSnapshot): void {
    commit(router, { state, context });
    for (const timer of TIMERS) this.#timers.set(timer, router.position, deadlines[timer] ?? NEVER);
  }

  #perform(router: VirtualRouter, effect: Effect, now: Instant, due: Instant): void {
    const actions = this.#actions;
    switch (effect.type) {
      case 'sendAdvertisement':
        actions.advertise(router, now);
        break;
      case 'sendResignation':
        actions.resign(router, now);
        break;
      case 'answerAdvertisement':
        if (actions.answer(router, now) && effect.restart) this.#startGrid(router, now);
        break;
      case 'acquireAddresses':
        actions.acquire(router, now);
        break;
      case 'releaseAddresses':
        actions.release(router);
        break;
      case 'announce':
        actions.announce(router, now);
        break;
      case 'announceAgain':
        actions.announceAgain(router, now);
        break;
      case 'greetPeers':
        actions.greet(router, now);
        break;
      case 'askBeforeMaster':
        actions.askBeforeMaster(router);
        break;
      case 'endBeforeMaster':
        actions.endBeforeMaster(router, effect.outcome);
        break;
      default:
        this.#time(router, effect, now, due);
    }
  }

  #time(router: VirtualRouter, effect: TimerEffect, now: Instant, due: Instant): void {
    const { position } = router;
    switch (effect.type) {
      case 'startAdverTimer':
        this.#startGrid(router, now);
        break;
      case 'keepAdverTimer':
        this.#timers.set(
          'adver',
          position,
          nextTick(due, router.context.advertisementInterval, now),
        );
        break;
      case 'startDownTimer': {
        const at = after(now, effect.duration);
        const running = effect.hastens === true ? this.#timers.at('down', position) : at;
        this.#timers.set('down', position, Math.min(at, running) as Instant);
        break;
      }
      case 'shiftDownTimer':
        this.#shift('down', position, effect.by, now);
        break;
      case 'startPreemptDelayTimer':
        this.#timers.set('preempt-delay', position, after(now, effect.duration));
        break;
      case 'shiftPreemptDelayTimer':
        this.#shift('preempt-delay', position, effect.by, now);
        break;
      case 'startGroupTimer':
        this.#timers.set('group', position, effect.at);
        break;
      case 'startBeforeMasterTimer':
        this.#timers.set('before-master', position, earliest(after(now, effect.duration), NEVER));
        break;
      case 'startReleaseTimer': {
        const at = Math.min(after(now, effect.duration), effect.until) as Instant;
        this.#timers.set('release', position, at);
        break;
      }
      default:
        this.#timers.clear(CANCELS[effect.type], position);
    }
  }

  #startGrid({ position, context }: VirtualRouter, now: Instant): void {
    this.#timers.set('adver', position, firstTick(context.advertisementInterval, now));
  }

  #shift(timer: ProtocolTimer, position: number, by: number, now: Instant): void {
    const at = this.#timers.at(timer, position);
    if (at !== NEVER) this.#timers.set(timer, position, Math.max(at + by, now) as Instant);
  }
}

type TimerEffect = Extract<Effect, { readonly type: `${string}Timer` }>;

type Cancel = Extract<Effect, { readonly type: `cancel${string}` }>['type'];

const CANCELS: { readonly [Type in Cancel]: ProtocolTimer } = {
  cancelAdverTimer: 'adver',
  cancelDownTimer: 'down',
  cancelPreemptDelayTimer: 'preempt-delay',
  cancelGroupTimer: 'group',
  cancelBeforeMasterTimer: 'before-master',
  cancelReleaseTimer: 'release',
};

/**
 * The only place that writes state and context. The shortcuts of the former row are no longer
 * valid.
 */
function commit(
  router: VirtualRouter,
  { state, context }: { readonly state: VrrpState; readonly context: VrrpContext },
): void {
  const written: { -readonly [Key in 'state' | 'context']: VirtualRouter[Key] } = router;
  written.state = state;
  written.context = context;
  router.expected = undefined;
  router.due = undefined;
}
