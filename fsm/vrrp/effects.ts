/** The effects of the table, with the durations of RFC 9568 section 6.1. */
import { type Duration, elapsed, type Instant, instant, NEVER } from '../../src/net/time.ts';
import { fieldOf } from './event-field.ts';
import type { VrrpContext, VrrpEvent } from './model.ts';
import { masterDownInterval, releaseWait, skewTime } from './timing.ts';

/** The arguments of guards, updates and effect parameters. */
export interface Given {
  readonly context: VrrpContext;
  readonly event: VrrpEvent;
}

export type Effect =
  | { readonly type: 'sendAdvertisement' }
  /** An advertisement with priority 0. */
  | { readonly type: 'sendResignation' }
  /**
   * An advertisement in answer to a received one. The engine limits the rate, so that no sender can
   * make a MASTER flood its segment; an omitted answer does not restart the timer either.
   */
  | { readonly type: 'answerAdvertisement'; readonly restart: boolean }
  | { readonly type: 'acquireAddresses' }
  | { readonly type: 'releaseAddresses' }
  /** Gratuitous ARP or unsolicited NA for each VIP, once the kernel has it. */
  | { readonly type: 'announce' }
  /** The same because another router claimed the addresses; the engine limits the rate. */
  | { readonly type: 'announceAgain' }
  /**
   * A start: announces the own source address to the unicast peers and asks for theirs, so that their
   * advertisements can arrive.
   */
  | { readonly type: 'greetPeers' }
  /** Requests permission to become MASTER. */
  | { readonly type: 'askBeforeMaster' }
  /** The request has been answered, or no longer matters. */
  | { readonly type: 'endBeforeMaster'; readonly outcome: BeforeMasterOutcome }
  /** The first tick of a new grid. */
  | { readonly type: 'startAdverTimer' }
  /** The next tick of the running grid. */
  | { readonly type: 'keepAdverTimer' }
  | { readonly type: 'cancelAdverTimer' }
  /** `hastens`: a running timer that fires sooner stays as it is. */
  | { readonly type: 'startDownTimer'; readonly duration: Duration; readonly hastens?: boolean }
  /** A running timer fires later by this many microseconds; earlier if negative. */
  | { readonly type: 'shiftDownTimer'; readonly by: number }
  | { readonly type: 'cancelDownTimer' }
  | { readonly type: 'startPreemptDelayTimer'; readonly duration: Duration }
  | { readonly type: 'shiftPreemptDelayTimer'; readonly by: number }
  | { readonly type: 'cancelPreemptDelayTimer' }
  | { readonly type: 'startGroupTimer'; readonly at: Instant }
  | { readonly type: 'cancelGroupTimer' }
  | { readonly type: 'startBeforeMasterTimer'; readonly duration: Duration }
  | { readonly type: 'cancelBeforeMasterTimer' }
  /** Fires at `until` at the latest. */
  | { readonly type: 'startReleaseTimer'; readonly duration: Duration; readonly until: Instant }
  | { readonly type: 'cancelReleaseTimer' };

export type EffectType = Effect['type'];

/** The other directors and the witness are asked until they agree. */
const WITHOUT_END = elapsed(instant(0), NEVER);

/** How a request for permission ends. */
export type BeforeMasterOutcome = 'granted' | 'refused' | 'timed-out' | 'withdrawn';

export const startDownTimer = {
  type: 'startDownTimer',
  params: ({ context }: Given) => ({ duration: downInterval(context) }),
} as const;

/**
 * DEVIATION: RFC 9568 section 6.4.2 sets the timer even if it would fire sooner. A MASTER may repeat
 * priority 0 at an interval shorter than the Skew_Time of a router that has just started.
 */
export const startDownTimerAtSkew = {
  type: 'startDownTimer',
  params: ({ context }: Given) => ({
    duration: skewTime(context.version, context.priority, context.masterInterval),
    hastens: true,
  }),
} as const;

/** Every interval that may be running ends with a Skew_Time, which depends on the priority. */
export const shiftDownTimerToPriority = {
  type: 'shiftDownTimer',
  params: ({ context, event }: Given) => {
    const { version, masterInterval } = context;
    const before = skewTime(version, context.priority, masterInterval);
    return { by: skewTime(version, fieldOf(event, 'priority'), masterInterval) - before };
  },
} as const;

export const shiftDownTimerToInterval = {
  type: 'shiftDownTimer',
  params: ({ context, event }: Given) => {
    const masterInterval = fieldOf(event, 'interval');
    return { by: downInterval({ ...context, masterInterval }) - downInterval(context) };
  },
} as const;

export const startPreemptDelayTimer = {
  type: 'startPreemptDelayTimer',
  params: ({ context }: Given) => ({ duration: context.preemptDelay }),
} as const;

export const shiftPreemptDelayTimer = {
  type: 'shiftPreemptDelayTimer',
  params: ({ context, event }: Given) => ({
    by: fieldOf(event, 'preemptDelay') - context.preemptDelay,
  }),
} as const;

export const startGroupTimer = {
  type: 'startGroupTimer',
  params: ({ event }: Given) => ({
    at: 'until' in event ? event.until : fieldOf(event, 'at'),
  }),
} as const;

export const startBeforeMasterTimer = {
  type: 'startBeforeMasterTimer',
  params: ({ context: { beforeMaster } }: Given) => ({
    duration: beforeMaster?.deadline ?? WITHOUT_END,
  }),
} as const;

export const endBeforeMaster = {
  type: 'endBeforeMaster',
  params: ({ event }: Given) => ({ outcome: outcomeOf(event) }),
} as const;

export const startReleaseTimer = {
  type: 'startReleaseTimer',
  params: ({ context }: Given) => ({
    duration: releaseWait(context.version, context.advertisementInterval),
    until: context.releaseUntil,
  }),
} as const;

function downInterval({ version, priority, masterInterval }: VrrpContext): Duration {
  return masterDownInterval(version, priority, masterInterval);
}

function outcomeOf(event: VrrpEvent): BeforeMasterOutcome {
  switch (event.type) {
    case 'before-master-granted':
      return 'granted';
    case 'before-master-refused':
      return 'refused';
    case 'before-master-timeout':
      return 'timed-out';
    default:
      return 'withdrawn';
  }
}
