/**
 * VRRP for one virtual router: the single source of truth for RFC 9568 section 6.4 and RFC 3768
 * section 6.4. A table, not a runtime: no `after`, no invoke; timers are events and effects.
 * `fsm/step.ts` walks it. Chart, table and RFC matrix are generated from the descriptions.
 *
 * `holding` owns the addresses: `master` serves and advertises, `releasing` has sent priority 0
 * and serves until the successor is heard, because the agent stops or because an operator wants
 * another router to be MASTER. FAULT behaves as Initialize with recorded reasons.
 */
import { assign, setup } from 'xstate';
import type { VrrpContext } from './context.ts';
import { EFFECT_TYPES, type EffectType, type UpdateName, updates } from './effects.ts';
import {
  FAULT_EVENTS,
  type FaultEvent,
  RECOVERY_EVENTS,
  type RecoveryEvent,
  type VrrpEvent,
} from './events.ts';
import { guards } from './guards.ts';
import {
  shiftDownTimer,
  startDownTimer,
  startDownTimerAtSkew,
  startHoldTimer,
  startReleaseTimer,
} from './timer-effects.ts';

const noEffects = Object.fromEntries(EFFECT_TYPES.map((type) => [type, () => {}])) as {
  [Type in EffectType]: () => void;
};

const assigns = Object.fromEntries(
  Object.entries(updates).map(([name, update]) => [name, assign(update)]),
) as {
  [Name in UpdateName]: ReturnType<
    typeof assign<VrrpContext, VrrpEvent, undefined, VrrpEvent, never>
  >;
};

function onFaults<Transition>(transition: Transition): { [Type in FaultEvent]: Transition } {
  return Object.fromEntries(FAULT_EVENTS.map((type) => [type, transition])) as {
    [Type in FaultEvent]: Transition;
  };
}

function onRecoveries<Transition>(transition: Transition): { [Type in RecoveryEvent]: Transition } {
  return Object.fromEntries(RECOVERY_EVENTS.map((type) => [type, transition])) as {
    [Type in RecoveryEvent]: Transition;
  };
}

/** Where there is no MASTER to be accepted: a decision for later. */
const holdBackRows = {
  'hold-back': { actions: ['holdBack'], description: 'kept for when it starts' },
  release: { actions: ['endHoldBack'], description: 'starts as ever' },
} as const;

export const vrrpMachine = setup({
  types: {
    context: {} as VrrpContext,
    events: {} as VrrpEvent,
    input: {} as VrrpContext,
  },
  guards,
  actions: { ...noEffects, ...assigns },
}).createMachine({
  id: 'vrrp',
  context: ({ input }) => input,
  initial: 'initialize',
  on: {
    'priority-changed': {
      actions: ['setPriority'],
      description: 'the next advertisement carries the new priority',
    },
  },
  states: {
    initialize: {
      description: 'RFC 9568 section 6.4.1: nothing is sent, nothing is taken (F-I1)',
      on: {
        startup: [
          {
            guard: 'isOwner',
            target: 'holding',
            actions: ['resetInterval'],
            description: 'RFC 9568 6.4.1: the owner of the addresses starts as Active (F-I2)',
          },
          {
            target: 'backup',
            actions: ['resetInterval'],
            description: 'RFC 9568 6.4.1: everybody else starts as Backup, silently (F-I3)',
          },
        ],
        ...onFaults({
          target: 'fault',
          description: 'a reason for FAULT is known at start (F-I4)',
        }),
        ...holdBackRows,
      },
    },

    backup: {
      description: 'RFC 9568 section 6.4.2: listens',
      entry: [startDownTimer],
      exit: ['cancelDownTimer', 'cancelHoldTimer', 'endHold'],
      on: {
        'master-timeout': {
          target: 'holding',
          description: 'RFC 9568 6.4.2: Active_Down_Timer fired (F-B7)',
          meta: { event: 'master-timeout', reason: 'no-response' },
        },
        'group-master': {
          target: 'holding',
          description: 'the sync group becomes MASTER: the MASTER that is heard will yield',
        },
        'preempt-hold-timeout': {
          target: 'holding',
          description: 'the preempt delay has passed and a lower priority still is MASTER',
          meta: { event: 'preempt-hold-timeout', reason: 'preempted' },
        },
        advertisement: [
          {
            guard: 'isPriorityZero',
            actions: [startDownTimerAtSkew],
            description:
              'RFC 9568 6.4.2: the MASTER resigns: Active_Down_Timer := Skew_Time, unless it ends sooner (F-B8)',
          },
          {
            guard: 'isAcceptedMaster',
            actions: ['learnInterval', 'cancelHoldTimer', 'endHold', startDownTimer],
            description:
              'RFC 9568 6.4.2: the MASTER lives: adopt its interval, recompute Skew_Time, restart the timer (F-B9, F-B11)',
          },
          {
            guard: 'waitsToPreempt',
            actions: ['learnInterval', 'beginHold', startHoldTimer, startDownTimer],
            description: 'the first advertisement of a lower priority starts the preempt delay',
          },
          {
            guard: 'isHolding',
            actions: ['learnInterval', startDownTimer],
            description: 'a lower priority is accepted as MASTER while the preempt delay runs',
          },
          {
            description:
              'RFC 9568 6.4.2: a lower priority is discarded, the timer runs on: preemption (F-B10)',
          },
        ],
        'hold-back': {
          actions: ['cancelHoldTimer', 'endHold', 'holdBack'],
          description:
            'every MASTER is accepted from now on; its silence still ends in a take-over',
        },
        release: {
          actions: ['endHoldBack'],
          description: 'preempts again, if configured to and after its delay',
        },
        'priority-changed': {
          actions: [shiftDownTimer, 'setPriority'],
          description:
            'Skew_Time depends on the priority: the running timer moves by the difference',
        },
        stall: {
          actions: ['cancelHoldTimer', 'endHold', startDownTimer],
          description:
            'nobody listened: silence proves nothing, listen for a whole interval; a preempt delay begins anew',
        },
        shutdown: {
          target: 'initialize',
          description: 'RFC 9568 6.4.2: Shutdown, nothing is sent (F-B6)',
        },
        ...onFaults({ target: 'fault', description: 'as Shutdown, with the reason kept (F-I4)' }),
      },
    },

    holding: {
      description: 'has the virtual addresses',
      entry: ['endHoldBack', 'acquireAddresses'],
      exit: ['releaseAddresses'],
      initial: 'master',
      states: {
        master: {
          description: 'RFC 9568 section 6.4.3: Active',
          entry: ['sendAdvertisement', 'announce', 'startAdverTimer'],
          exit: ['cancelAdverTimer'],
          on: {
            'adver-timer': {
              actions: ['sendAdvertisement', 'startAdverTimer'],
              description: 'RFC 9568 6.4.3: Adver_Timer fired (F-A9)',
            },
            advertisement: [
              {
                guard: 'isPriorityZero',
                actions: [{ type: 'answerAdvertisement', params: { restart: true } }],
                description: 'RFC 9568 6.4.3: another one resigns: advertise at once (F-A10)',
              },
              {
                guard: 'isGreater',
                target: '#vrrp.backup',
                actions: ['learnInterval', 'sendAdvertisement'],
                description:
                  'RFC 9568 6.4.3: a greater router is Active (F-A11). DEVIATION: one last advertisement tells it that addresses were held here, so that it announces them again',
                meta: { event: 'higher-priority-backup' },
              },
              {
                guard: 'answersLosers',
                actions: [
                  { type: 'answerAdvertisement', params: { restart: false } },
                  'announceAgain',
                ],
                description:
                  'RFC 9568 6.4.3: a losing advertiser is answered at once (F-A12), and the addresses are announced again',
                meta: { event: 'lower-priority-master' },
              },
              {
                actions: ['announceAgain'],
                description:
                  'RFC 3768 6.4.3: a losing advertisement is discarded; the addresses are announced again',
                meta: { event: 'lower-priority-master' },
              },
            ],
            'priority-changed': {
              actions: ['setPriority', 'sendAdvertisement'],
              description: 'whoever has the higher priority now need not wait to hear of it',
            },
            'group-backup': {
              target: '#vrrp.backup',
              actions: ['resetInterval', 'sendResignation'],
              description:
                'another member of the sync group is MASTER no longer: whoever follows it there may follow here',
            },
            stall: {
              target: '#vrrp.backup',
              actions: ['resetInterval'],
              description: 'a peer may have taken over: let go and listen before anything is sent',
            },
            shutdown: [
              {
                guard: 'lingers',
                target: 'releasing',
                actions: ['beginStop', 'sendResignation'],
                description:
                  'RFC 9568 6.4.3: Shutdown, priority 0 (F-A8). DEVIATION: the addresses stay until the successor is heard',
              },
              {
                target: '#vrrp.initialize',
                actions: ['sendResignation'],
                description: 'RFC 9568 6.4.3: Shutdown, priority 0 (F-A8)',
              },
            ],
            'hand-over': {
              target: 'releasing',
              actions: ['beginHandOver', 'sendResignation'],
              description:
                'planned failover: priority 0 wakes every BACKUP after Skew_Time; DEVIATION: the addresses stay until the successor is heard',
            },
            ...onFaults({
              target: '#vrrp.fault',
              actions: ['sendResignation'],
              description: 'as Shutdown, with the reason kept (F-A8, F-I4)',
            }),
          },
        },
        releasing: {
          description: 'priority 0 is sent; serves until the successor is heard',
          entry: [startReleaseTimer],
          exit: ['cancelReleaseTimer'],
          on: {
            advertisement: [
              { guard: 'isPriorityZero', description: 'another one resigns: no successor' },
              {
                guard: 'isStopping',
                target: '#vrrp.initialize',
                description: 'the successor is heard: let go',
                meta: { event: 'shutdown' },
              },
              {
                target: '#vrrp.backup',
                actions: ['learnInterval', 'holdBack'],
                description: 'the successor is heard: let go, and do not preempt it',
                meta: { event: 'failover' },
              },
            ],
            'release-timeout': [
              {
                guard: 'isStopping',
                target: '#vrrp.initialize',
                description: 'no successor was heard in time: let go',
                meta: { event: 'shutdown' },
              },
              {
                guard: 'mayRepeat',
                actions: ['sendResignation', startReleaseTimer],
                description: 'the longest Skew_Time has passed: priority 0 may have been lost',
              },
              {
                guard: 'insists',
                target: '#vrrp.backup',
                actions: ['resetInterval', 'holdBack'],
                description: 'no successor was heard in time: let go all the same',
                meta: { event: 'failover' },
              },
              {
                target: 'master',
                description: 'no successor was heard in time: go on as Active',
              },
            ],
            'hand-over': {
              guard: 'isAskedToInsist',
              actions: ['beginHandOver'],
              description: 'asked again, more firmly',
            },
            shutdown: [
              {
                guard: 'lingersOn',
                actions: ['beginStop', startReleaseTimer],
                description: 'asked to stop meanwhile: serve on, but let go in any case',
              },
              {
                target: '#vrrp.initialize',
                description: 'asked a second time, or not to linger: let go at once',
              },
            ],
            stall: [
              {
                guard: 'isStopping',
                target: '#vrrp.initialize',
                description: 'too late to serve on: let go',
              },
              {
                target: '#vrrp.backup',
                actions: ['resetInterval', 'holdBack'],
                description: 'the successor may be there: let go and listen',
              },
            ],
            ...onFaults([
              {
                guard: 'isStopping',
                target: '#vrrp.initialize',
                description: 'nothing left to serve with',
              },
              {
                target: '#vrrp.fault',
                actions: ['holdBack'],
                description: 'nothing left to serve with: the successor comes by itself',
              },
            ]),
          },
        },
      },
    },

    fault: {
      description: 'as Initialize, with reasons (F-I4)',
      on: {
        ...onRecoveries([
          {
            guard: 'isLastFaultOfOwner',
            target: 'holding',
            actions: ['resetInterval'],
            description: 'the last reason is gone: Startup as owner (F-I2)',
          },
          {
            guard: 'isLastFault',
            target: 'backup',
            actions: ['resetInterval'],
            description: 'the last reason is gone: Startup (F-I3)',
          },
        ]),
        shutdown: { target: 'initialize', description: 'nothing is sent' },
        ...holdBackRows,
      },
    },
  },
});
