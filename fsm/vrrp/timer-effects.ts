/** Effects of the table that start or move a timer, with the durations of RFC 9568 section 6.1. */
import type { GuardArguments } from './guards.ts';
import { masterDownInterval, releaseWait, skewTime } from './timing.ts';

export const startDownTimer = {
  type: 'startDownTimer',
  params: ({ context }: GuardArguments) => ({
    duration: masterDownInterval(context.version, context.priority, context.masterInterval),
  }),
} as const;

/**
 * DEVIATION: RFC 9568 section 6.4.2 sets the timer whatever is left of it. A MASTER may say priority 0
 * again and again, and its interval be shorter than the Skew_Time of one that has just started.
 */
export const startDownTimerAtSkew = {
  type: 'startDownTimer',
  params: ({ context }: GuardArguments) => ({
    duration: skewTime(context.version, context.priority, context.masterInterval),
    hastens: true,
  }),
} as const;

/** Whichever interval is running ends with the Skew_Time of the priority. */
export const shiftDownTimer = {
  type: 'shiftDownTimer',
  params: ({ context, event }: GuardArguments) => {
    const { version, masterInterval } = context;
    const priority = event.type === 'priority-changed' ? event.priority : context.priority;
    const before = skewTime(version, context.priority, masterInterval);
    return { by: skewTime(version, priority, masterInterval) - before };
  },
} as const;

export const startHoldTimer = {
  type: 'startHoldTimer',
  params: ({ context }: GuardArguments) => ({ duration: context.preemptDelay }),
} as const;

export const startReleaseTimer = {
  type: 'startReleaseTimer',
  params: ({ context }: GuardArguments) => ({
    duration: releaseWait(context.version, context.advertisementInterval),
  }),
} as const;
