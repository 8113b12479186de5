/**
 * VRRP for one virtual router: the single source of truth for RFC 9568 section 6.4 and RFC 3768
 * section 6.4. A table, not a runtime: no `after`, no invoke; timers are events and effects. It is
 * the only place that decides about the state, the context and the protocol's timers of a router:
 * `fsm/step.ts` walks it, and `src/protocol/engine/router/protocol.ts` is the only caller of that. Chart, table and
 * RFC matrix are generated from the descriptions.
 *
 * FAULT behaves as Initialize with recorded reasons.
 */
import { backup } from './backup.ts';
import { holding } from './holding.ts';
import type { VrrpEventType, VrrpState } from './model.ts';
import { onFaults, onRecoveries, vrrp } from './rules.ts';

/** Where there is no MASTER to be accepted: a decision for later. */
const onInhibition = {
  'inhibit-preemption': { actions: ['inhibitPreemption'], description: 'kept for when it starts' },
  'allow-preemption': { actions: ['allowPreemption'], description: 'starts as ever' },
} as const;

export const vrrpMachine = vrrp.createMachine({
  id: 'vrrp',
  context: ({ input }) => input,
  initial: 'initialize',
  on: {
    'priority-changed': {
      actions: ['setPriority'],
      description: 'the next advertisement carries the new priority',
    },
    'interval-changed': {
      actions: ['setBothIntervals'],
      description: 'counts from the start',
    },
    'preemption-changed': {
      actions: ['setPreemption'],
      description: 'the next advertisement is judged by the new rules',
    },
    'connections-synced': {
      actions: ['setPreemptDelay'],
      description: 'the next preempt delay does not wait for the connection table',
    },
    'connections-lagging': {
      actions: ['setPreemptDelay'],
      description: 'the next preempt delay waits for the connection table',
    },
    'before-master-changed': {
      actions: ['setBeforeMaster'],
      description: 'the next take-over asks accordingly',
    },
    'group-changed': {
      actions: ['setGroup'],
      description: 'the next take-over is decided with the group, or without',
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
            meta: { cause: 'owner-started' },
          },
          {
            target: 'backup',
            actions: ['resetInterval'],
            description: 'RFC 9568 6.4.1: every other router starts as Backup, silently (F-I3)',
            meta: { cause: 'started' },
          },
        ],
        ...onFaults({
          target: 'fault',
          description: 'a reason for FAULT is known at start (F-I4)',
          meta: { cause: 'fault' },
        } as const),
        ...onInhibition,
      },
    },

    backup,

    holding,

    fault: {
      description: 'as Initialize, with reasons (F-I4)',
      on: {
        ...onRecoveries([
          {
            guard: 'isLastFaultOfOwner',
            target: 'holding',
            actions: ['resetInterval'],
            description: 'the last reason is gone: Startup as owner (F-I2)',
            meta: { cause: 'fault-cleared' },
          },
          {
            guard: 'isLastFault',
            target: 'backup',
            actions: ['resetInterval'],
            description: 'the last reason is gone: Startup (F-I3)',
            meta: { cause: 'fault-cleared' },
          },
          { description: 'other reasons are left' },
        ] as const),
        shutdown: {
          target: 'initialize',
          description: 'nothing is sent',
          meta: { cause: 'shutdown' },
        },
        ...onInhibition,
      },
    },
  },
});

const RECOVERIES = [
  'interface-up',
  'primary-ip-address',
  'virtual-ip-addresses',
  'fault-cleared',
] as const;

const OF_GROUP_AND_GATE = [
  'group-waits',
  'group-withdraws',
  'group-aborts',
  'before-master-granted',
  'before-master-refused',
  'before-master-timeout',
] as const;

/** Has no timer that could fire, is MASTER of nothing, and hears nothing. */
const WITHOUT_PART = [
  'master-timeout',
  'adver-timer',
  'preempt-hold-timeout',
  'release-timeout',
  'hand-over',
  'stall',
  'group-master',
  'group-backup',
  'resumed',
  'advertisement',
  ...OF_GROUP_AND_GATE,
] as const;

const OF_MASTER = [
  'startup',
  'adver-timer',
  'release-timeout',
  'hand-over',
  'group-backup',
] as const;

const OF_BACKUP = [
  'startup',
  'master-timeout',
  'preempt-hold-timeout',
  'inhibit-preemption',
  'allow-preemption',
  'group-master',
  'resumed',
  ...OF_GROUP_AND_GATE,
  ...RECOVERIES,
] as const;

/**
 * Events without a row, on purpose: they mean nothing in the state and change nothing. Every pair
 * of state and event is either here or in the table; a test holds that.
 */
export const IGNORED: { readonly [State in VrrpState]: readonly VrrpEventType[] } = {
  initialize: ['shutdown', ...WITHOUT_PART, ...RECOVERIES],
  fault: [
    'startup',
    'interface-down',
    'no-primary-ip-address',
    'no-virtual-ip-addresses',
    'fault',
    ...WITHOUT_PART,
  ],
  'backup.listening': [
    'preempt-hold-timeout',
    'resumed',
    ...OF_MASTER,
    ...OF_GROUP_AND_GATE,
    ...RECOVERIES,
  ],
  'backup.delaying': ['resumed', ...OF_MASTER, ...OF_GROUP_AND_GATE, ...RECOVERIES],
  'backup.ready': [
    'master-timeout',
    'preempt-hold-timeout',
    'group-withdraws',
    'before-master-granted',
    'before-master-refused',
    'before-master-timeout',
    ...OF_MASTER,
    ...RECOVERIES,
  ],
  'backup.asking': [
    'master-timeout',
    'preempt-hold-timeout',
    'group-master',
    'group-waits',
    ...OF_MASTER,
    ...RECOVERIES,
  ],
  'backup.allowed': [
    'master-timeout',
    'preempt-hold-timeout',
    'before-master-granted',
    'before-master-refused',
    'before-master-timeout',
    ...OF_MASTER,
    ...RECOVERIES,
  ],
  'holding.master': ['release-timeout', ...OF_BACKUP],
  'holding.releasing': ['adver-timer', 'group-backup', ...OF_BACKUP],
};
