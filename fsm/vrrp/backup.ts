/**
 * BACKUP: RFC 9568 section 6.4.2, and the additions of this program between its end and MASTER: the
 * preempt delay, the sync group, and `before_master`.
 *
 *   listening --> delaying     a lower priority is MASTER, and the preempt delay runs
 *   both      --> ready        would become MASTER alone; its sync group is not ready
 *   all three --> asking       waits for the answer to before_master, up to a deadline, and for the witness
 *   asking    --> allowed      has permission, and waits for the other members of its group
 *
 * Each of them returns to listening when a MASTER is heard that this router accepts.
 *
 * DEVIATION: RFC 9568 section 6.4.2 becomes Active when Active_Down_Timer fires; with `before_master`, a
 * witness, `preempt_delay`, `preempt_when_synced` and in a sync group this router may wait.
 */
import {
  allowed,
  asking,
  EVIDENT,
  FOLLOWS,
  MASTER,
  PREEMPTS,
  ready,
  SILENT,
  WITH_GROUP,
} from './claim.ts';
import {
  shiftDownTimerToInterval,
  shiftDownTimerToPriority,
  shiftPreemptDelayTimer,
  startDownTimer,
  startDownTimerAtSkew,
  startPreemptDelayTimer,
} from './effects.ts';
import type { RowMeta } from './model.ts';
import { onFaults, vrrp } from './rules.ts';

/** The timer that kept the router from becoming MASTER has fired. */
function claiming(claim: 'claimBySilence' | 'claimByPreemption', meta: RowMeta, why: string) {
  return [
    {
      guard: 'isInGroup',
      target: 'ready',
      actions: [claim],
      description: 'would become MASTER alone, and waits for its sync group',
    },
    {
      guard: 'asksFirst',
      target: 'asking',
      actions: [claim],
      description: 'before_master, or the directors and the witness, are asked first',
    },
    { target: MASTER, description: why, meta },
  ] as const;
}

const onSilence = claiming(
  'claimBySilence',
  SILENT,
  'RFC 9568 6.4.2: Active_Down_Timer fired (F-B7)',
);

/** What `fsm/judgement` concludes from more than the silence of one segment. */
const onJudgement = {
  'master-resigned': claiming(
    'claimBySilence',
    EVIDENT['master-resigned'],
    'DEVIATION: RFC 9568 6.4.2 waits for Active_Down_Timer: the MASTER has named this router as its successor',
  ),
  'master-cut-off': claiming(
    'claimBySilence',
    EVIDENT['master-cut-off'],
    'DEVIATION: RFC 9568 6.4.2 waits for Active_Down_Timer: the MASTER cannot serve, and this router can',
  ),
  'master-dead': claiming(
    'claimBySilence',
    EVIDENT['master-dead'],
    'DEVIATION: RFC 9568 6.4.2 waits for Active_Down_Timer: the MASTER has been silent everywhere for `dead_after`',
  ),
  'master-alive': {
    actions: [startDownTimer],
    description:
      'DEVIATION: RFC 9568 6.4.2 becomes Active when Active_Down_Timer fires: the MASTER is alive, and its silence counts from now',
  },
  'segment-broken': {
    actions: [startDownTimer],
    description:
      'DEVIATION: RFC 9568 6.4.2 becomes Active when Active_Down_Timer fires: this router is cut off from the segment',
  },
} as const;

const onGroupMaster = [
  {
    guard: 'asksFirst',
    target: 'asking',
    actions: ['claimWithGroup'],
    description:
      'the sync group becomes MASTER: before_master, or the directors and the witness, are asked first',
  },
  {
    target: MASTER,
    description: 'the sync group becomes MASTER: the MASTER that was heard will yield',
    meta: WITH_GROUP,
  },
] as const;

export const backup = vrrp.createStateConfig({
  entry: [startDownTimer],
  exit: ['cancelDownTimer', 'endClaim'],
  initial: 'listening',
  on: {
    'inhibit-preemption': {
      actions: ['inhibitPreemption'],
      description: 'every MASTER is accepted; its silence still leads to a takeover',
    },
    'allow-preemption': {
      actions: ['allowPreemption'],
      description: 'preempts again, if configured to and after its delay',
    },
    'interval-changed': [
      {
        guard: 'keepsMasterInterval',
        actions: ['setInterval'],
        description: 'RFC 9568 6.1: the timer depends on the interval of the MASTER that was heard',
      },
      {
        actions: [shiftDownTimerToInterval, 'setBothIntervals'],
        description: 'the running timer shifts by the difference',
      },
    ],
    stall: {
      target: '.listening',
      actions: [startDownTimer, 'greetPeers'],
      description:
        'was not listening: silence proves nothing, so the whole interval and the preempt delay start over',
    },
    shutdown: {
      target: 'initialize',
      description: 'RFC 9568 6.4.2: Shutdown, nothing is sent (F-B6)',
      meta: { cause: 'shutdown' },
    },
    ...onFaults({
      target: 'fault',
      description: 'as Shutdown; the reason is recorded (F-I4)',
      meta: { cause: 'fault' },
    } as const),
  },
  states: {
    listening: {
      description: 'Active_Down_Timer runs',
      entry: ['endClaim'],
      on: {
        'master-timeout': onSilence,
        ...onJudgement,
        'group-master': onGroupMaster,
        'peer-answered': {
          actions: [startDownTimer],
          description:
            'DEVIATION: RFC 9568 6.4.2 counts the time from the start. The peer could not reach this router before it had its MAC address: only from then on does its silence count',
        },
        advertisement: [
          {
            guard: 'isPriorityZero',
            actions: [startDownTimerAtSkew],
            description:
              'RFC 9568 6.4.2: the MASTER resigns: Active_Down_Timer := Skew_Time, unless it fires sooner (F-B8)',
          },
          {
            guard: 'isAcceptedMaster',
            actions: ['learnInterval', startDownTimer],
            description:
              'RFC 9568 6.4.2: the MASTER is alive: adopt its interval, recompute Skew_Time, restart the timer (F-B9, F-B11)',
            meta: { follows: true, repeats: true },
          },
          {
            guard: 'waitsToPreempt',
            target: 'delaying',
            actions: ['learnInterval', startDownTimer],
            description: 'the first advertisement of a lower priority starts the preempt delay',
            meta: FOLLOWS,
          },
          {
            description:
              'RFC 9568 6.4.2: a lower priority is discarded, the timer keeps running: preemption (F-B10)',
          },
        ],
        'priority-changed': {
          actions: [shiftDownTimerToPriority, 'setPriority'],
          description:
            'Skew_Time depends on the priority: the running timer shifts by the difference',
        },
      },
    },

    delaying: {
      description: 'a lower priority is MASTER, and the preempt delay runs',
      entry: ['endClaim', startPreemptDelayTimer],
      exit: ['cancelPreemptDelayTimer'],
      on: {
        'master-timeout': onSilence,
        ...onJudgement,
        'preempt-hold-timeout': claiming(
          'claimByPreemption',
          PREEMPTS,
          'the preempt delay has passed, and a lower priority is still MASTER',
        ),
        'group-master': onGroupMaster,
        advertisement: [
          {
            guard: 'isPriorityZero',
            actions: [startDownTimerAtSkew],
            description: 'as in listening (F-B8)',
          },
          {
            guard: 'isAcceptedMaster',
            target: 'listening',
            actions: ['learnInterval', startDownTimer],
            description: 'as in listening (F-B9, F-B11); the preempt delay ends',
            meta: FOLLOWS,
          },
          {
            actions: ['learnInterval', startDownTimer],
            description: 'a lower priority is accepted as MASTER while the preempt delay runs',
            meta: FOLLOWS,
          },
        ],
        'priority-changed': {
          actions: [shiftDownTimerToPriority, 'setPriority'],
          description: 'as in listening',
        },
        'inhibit-preemption': {
          target: 'listening',
          actions: ['inhibitPreemption'],
          description: 'every MASTER is accepted; the preempt delay ends',
        },
        'preemption-changed': {
          target: 'listening',
          actions: ['setPreemption'],
          description: 'the next advertisement is judged by the new rules',
        },
        'connections-synced': {
          actions: [shiftPreemptDelayTimer, 'setPreemptDelay'],
          description: 'the wait for the connection table ends; a longer preempt delay remains',
        },
        'connections-lagging': {
          actions: [shiftPreemptDelayTimer, 'setPreemptDelay'],
          description: 'waits for the connection table again',
        },
      },
    },

    ready,

    asking,

    allowed,
  },
});
