/** Named predicates of the table. */
import type { VrrpContext } from './context.ts';
import type { Advertisement, VrrpEvent } from './events.ts';

export interface GuardArguments {
  readonly context: VrrpContext;
  readonly event: VrrpEvent;
}

export const guards = {
  isOwner: ({ context }: GuardArguments) => context.priority === 255 && !context.heldBack,

  isPriorityZero: ({ event }: GuardArguments) => advertisement(event)?.priority === 0,

  /** RFC 9568 section 6.4.2: "greater than or equal to" without comparing addresses (F-B11). */
  isAcceptedMaster: ({ context, event }: GuardArguments) => {
    const heard = advertisement(event);
    if (heard === undefined) return false;
    return !context.preempt || context.heldBack || heard.priority >= context.priority;
  },

  waitsToPreempt: ({ context }: GuardArguments) => context.preemptDelay > 0 && !context.holding,

  isHolding: ({ context }: GuardArguments) => context.holding,

  /** RFC 9568 section 6.4.3: priority first, the primary address breaks a tie. */
  isGreater: ({ context, event }: GuardArguments) => {
    const heard = advertisement(event);
    if (heard === undefined) return false;
    if (heard.priority !== context.priority) return heard.priority > context.priority;
    return heard.greaterSource;
  },

  /** New in RFC 9568; RFC 3768 only discards. */
  answersLosers: ({ context }: GuardArguments) => context.version === 3,

  lingers: ({ event }: GuardArguments) => event.type === 'shutdown' && event.linger,

  /** A second stop does not wait. */
  lingersOn: ({ context, event }: GuardArguments) =>
    context.leaving !== 'stop' && event.type === 'shutdown' && event.linger,

  isStopping: ({ context }: GuardArguments) => context.leaving === 'stop',

  insists: ({ context }: GuardArguments) => context.leaving === 'insisting',

  isAskedToInsist: ({ context, event }: GuardArguments) =>
    context.leaving === 'hand-over' && event.type === 'hand-over' && event.insist,

  mayRepeat: ({ event }: GuardArguments) => event.type === 'release-timeout' && !event.expired,

  isLastFault: ({ event }: GuardArguments) => 'remaining' in event && event.remaining === 0,

  isLastFaultOfOwner: ({ context, event }: GuardArguments) =>
    guards.isOwner({ context, event }) && guards.isLastFault({ context, event }),
};

export type GuardName = keyof typeof guards;

function advertisement(event: VrrpEvent): Advertisement | undefined {
  return event.type === 'advertisement' ? event : undefined;
}
