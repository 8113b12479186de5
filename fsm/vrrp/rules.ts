/** The named guards of the table, and the updates of its context. */
import { assign, setup } from 'xstate';
import type { Instant } from '../../src/net/time.ts';
import { NEVER } from '../../src/net/time.ts';
import type { EffectType, Given } from './effects.ts';
import { fieldOf } from './event-field.ts';
import {
  FAULT_EVENTS,
  type FaultEvent,
  RECOVERY_EVENTS,
  type RecoveryEvent,
  type RowMeta,
  type VrrpContext,
  type VrrpEvent,
} from './model.ts';
import { shortestMasterDownInterval } from './timing.ts';

export const guards = {
  isOwner: ({ context }: Given) =>
    context.priority === 255 && !context.preemptInhibited && context.witness === undefined,

  /** The highest priority that a peer can have waits the shortest time. */
  isStillMaster: ({ context, event }: Given) =>
    fieldOf(event, 'silence') <
    shortestMasterDownInterval(context.version, context.advertisementInterval),

  isPriorityZero: ({ event }: Given) => fieldOf(event, 'priority') === 0,

  /** RFC 9568 section 6.4.2: "greater than or equal to" without comparing addresses (F-B11). */
  isAcceptedMaster: ({ context, event }: Given) =>
    !context.preempt || context.preemptInhibited || fieldOf(event, 'priority') >= context.priority,

  waitsToPreempt: ({ context }: Given) => context.preemptDelay > 0,

  /** The router claimed by silence, and a MASTER of lower priority is heard after all. */
  waitsToPreemptAfterAll: ({ context }: Given) =>
    context.preemptDelay > 0 && context.claim === 'silence',

  asksFirst: ({ context }: Given) =>
    context.beforeMaster !== undefined || context.witness !== undefined,

  /** The router still has to ask, possibly with another deadline or consequence. */
  stillAsks: ({ context, event }: Given) =>
    fieldOf(event, 'beforeMaster') !== undefined || context.witness !== undefined,

  abortsOnFailure: ({ context }: Given) => context.beforeMaster?.onFailure === 'abort',

  abortsPreemption: ({ context }: Given) =>
    context.beforeMaster?.onFailure === 'abort' && context.claim === 'preemption',

  isInGroup: ({ context }: Given) => context.inGroup,

  claimsBySilence: ({ context }: Given) => context.claim === 'silence',

  claimsByPreemption: ({ context }: Given) => context.claim === 'preemption',

  claimsWithGroup: ({ context }: Given) => context.claim === 'group',

  /** Version 3 uses the interval of the MASTER that was heard (RFC 9568 section 6.1). */
  keepsMasterInterval: ({ context, event }: Given) =>
    context.version === 3 && fieldOf(event, 'hearsMaster'),

  /** RFC 9568 section 6.4.3: priority first, the primary address breaks a tie. */
  isGreater: ({ context, event }: Given) => {
    const priority = fieldOf(event, 'priority');
    if (priority > context.priority) return true;
    return priority === context.priority && fieldOf(event, 'greaterSource');
  },

  isUnheard: ({ event }: Given) => fieldOf(event, 'unheard'),

  /** New in RFC 9568; RFC 3768 only discards. */
  answersLosers: ({ context }: Given) => context.version === 3,

  lingers: ({ event }: Given) => fieldOf(event, 'linger'),

  /** A second shutdown does not linger. */
  lingersOn: ({ context, event }: Given) =>
    context.releasing !== 'stop' && fieldOf(event, 'linger'),

  isStopping: ({ context }: Given) => context.releasing === 'stop',

  isForced: ({ context }: Given) => context.releasing === 'forced',

  mayRepeat: ({ event }: Given) => !fieldOf(event, 'expired'),

  isLastFault: ({ event }: Given) => fieldOf(event, 'remaining') === 0,

  isLastFaultOfOwner: ({ context, event }: Given) =>
    guards.isOwner({ context, event }) && guards.isLastFault({ context, event }),
};

export type GuardName = keyof typeof guards;

type Update = (given: Given) => Partial<VrrpContext>;

/** Each returns the fields that change. */
export const updates = {
  /** RFC 9568 section 6.4.1 (110): Active_Adver_Interval := Advertisement_Interval. */
  resetInterval: ({ context }) => ({ masterInterval: context.advertisementInterval }),

  /**
   * RFC 9568 sections 6.4.2, 6.4.3: Active_Adver_Interval := Max Advertise Interval; version 3
   * only.
   */
  learnInterval: ({ context, event }) =>
    context.version === 3 ? { masterInterval: fieldOf(event, 'interval') } : {},

  /** Version 2 has one interval for all routers (RFC 3768 section 5.3.7). */
  setInterval: ({ context, event }) => {
    const interval = fieldOf(event, 'interval');
    return context.version === 2
      ? { advertisementInterval: interval, masterInterval: interval }
      : { advertisementInterval: interval };
  },

  setBothIntervals: ({ event }) => {
    const interval = fieldOf(event, 'interval');
    return { advertisementInterval: interval, masterInterval: interval };
  },

  setPriority: ({ event }) => ({ priority: fieldOf(event, 'priority') }),

  setPreemption: ({ event }) => ({
    preempt: fieldOf(event, 'preempt'),
    preemptDelay: fieldOf(event, 'preemptDelay'),
  }),

  setPreemptDelay: ({ event }) => ({ preemptDelay: fieldOf(event, 'preemptDelay') }),

  setBeforeMaster: ({ event }) => ({ beforeMaster: fieldOf(event, 'beforeMaster') }),

  setGroup: ({ event }) => ({ inGroup: fieldOf(event, 'inGroup') }),

  claimBySilence: () => ({ claim: 'silence' }),

  claimByPreemption: () => ({ claim: 'preemption' }),

  claimWithGroup: () => ({ claim: 'group' }),

  endClaim: () => ({ claim: undefined }),

  inhibitPreemption: () => ({ preemptInhibited: true }),

  allowPreemption: () => ({ preemptInhibited: false }),

  beginStop: () => ({ releasing: 'stop', releaseUntil: NEVER }),

  /** A second request may force the first one and extend its deadline, but not the opposite. */
  beginHandOver: ({ context, event }) => {
    const isForced = fieldOf(event, 'force') || context.releasing === 'forced';
    const until = fieldOf(event, 'until');
    const before = context.releasing === undefined ? until : context.releaseUntil;
    return {
      releasing: isForced ? 'forced' : 'hand-over',
      releaseUntil: Math.max(before, until) as Instant,
    };
  },

  endRelease: () => ({ releasing: undefined, releaseUntil: NEVER }),
} satisfies Record<string, Update>;

export type UpdateName = keyof typeof updates;

/** xstate needs only the names of the effects: a step returns them, and the engine performs them. */
type Effects = { readonly [Type in EffectType]: () => void };

const assigns = Object.fromEntries(
  Object.entries(updates).map(([name, update]) => [name, assign(update as Update)]),
) as {
  [Name in UpdateName]: ReturnType<
    typeof assign<VrrpContext, VrrpEvent, undefined, VrrpEvent, never>
  >;
};

/** Creates the states; `machine.ts` assembles them. */
export const vrrp = setup({
  types: {
    context: {} as VrrpContext,
    events: {} as VrrpEvent,
    input: {} as VrrpContext,
    meta: {} as RowMeta,
  },
  guards,
  actions: assigns as typeof assigns & Effects,
});

export function onFaults<Transition>(transition: Transition): { [Type in FaultEvent]: Transition } {
  return Object.fromEntries(FAULT_EVENTS.map((type) => [type, transition])) as {
    [Type in FaultEvent]: Transition;
  };
}

export function onRecoveries<Transition>(transition: Transition): {
  [Type in RecoveryEvent]: Transition;
} {
  return Object.fromEntries(RECOVERY_EVENTS.map((type) => [type, transition])) as {
    [Type in RecoveryEvent]: Transition;
  };
}
