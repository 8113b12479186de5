/**
 * VRRP for one virtual router: the single source of truth for RFC 9568 section 6.4 and RFC 3768
 * section 6.4. A table, not a runtime: no `after`, no invoke; timers are events and effects. It alone
 * decides the state, the context and the protocol timers of a router: `fsm/step.ts` looks up the next
 * step, and only `src/protocol/engine/router/protocol.ts` calls that. Chart, table and RFC matrix are
 * generated from the descriptions.
 *
 * FAULT behaves as Initialize with recorded reasons.
 */
import { backup } from './backup.ts';
import { holding } from './holding.ts';
import type { VrrpEventType, VrrpState } from './model.ts';
import { onFaults, onRecoveries, vrrp } from './rules.ts';

/** Without a MASTER to accept, the setting only takes effect after the start. */
const onInhibition = {
  'inhibit-preemption': {
    actions: ['inhibitPreemption'],
    description: 'takes effect after the start',
  },
  'allow-preemption': {
    actions: ['allowPreemption'],
    description: 'preempts after the start, if configured to',
  },
} as const;

const onStartup = [
  {
    guard: 'isOwner',
    target: 'holding',
    actions: ['resetInterval', 'greetPeers'],
    description: 'RFC 9568 6.4.1: the owner of the addresses starts as Active (F-I2)',
    meta: { cause: 'owner-started' },
  },
  {
    target: 'backup',
    actions: ['resetInterval', 'greetPeers'],
    description: 'RFC 9568 6.4.1: every other router starts as Backup, silently (F-I3)',
    meta: { cause: 'started' },
  },
] as const;

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
      description: 'takes effect at the start',
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
      description: 'the next takeover asks accordingly',
    },
    'group-changed': {
      actions: ['setGroup'],
      description: 'the next takeover is decided with the group, or without',
    },
  },
  states: {
    initialize: {
      description: 'RFC 9568 section 6.4.1: nothing is sent, received packets are ignored (F-I1)',
      on: {
        startup: onStartup,
        restarted: [
          {
            guard: 'isStillMaster',
            target: 'holding',
            actions: ['resetInterval', 'greetPeers'],
            description:
              'DEVIATION: RFC 9568 6.4.1 starts as Backup. No peer has waited a Master_Down_Interval since the last advertisement: to them, this router has been Active all the time',
            meta: { cause: 'still-master' },
          },
          ...onStartup,
        ],
        ...onFaults({
          target: 'fault',
          description: 'a reason for FAULT is known at startup (F-I4)',
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
            actions: ['resetInterval', 'greetPeers'],
            description: 'the last reason has cleared: Startup as owner (F-I2)',
            meta: { cause: 'fault-cleared' },
          },
          {
            guard: 'isLastFault',
            target: 'backup',
            actions: ['resetInterval', 'greetPeers'],
            description: 'the last reason has cleared: Startup (F-I3)',
            meta: { cause: 'fault-cleared' },
          },
          { description: 'other reasons remain' },
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

const GROUP_AND_BEFORE_MASTER = [
  'group-waits',
  'group-withdraws',
  'group-aborts',
  'before-master-granted',
  'before-master-refused',
  'before-master-timeout',
] as const;

/** Judged for a BACKUP. */
const JUDGED = [
  'master-resigned',
  'master-cut-off',
  'master-dead',
  'master-alive',
  'segment-broken',
] as const;

/** Judged for a MASTER, or for one that releases. */
const JUDGED_MASTER = ['cut-off', 'outranked', 'successor-serves'] as const;

/** A router that is about to become MASTER needs no further evidence of silence. */
const CLAIMING = ['master-resigned', 'master-cut-off', 'master-dead'] as const;

/** Ignored where no timer runs and no packet is received. */
const NOT_RUNNING = [
  ...JUDGED,
  ...JUDGED_MASTER,
  'witness-lost',
  'master-timeout',
  'peer-answered',
  'adver-timer',
  'preempt-hold-timeout',
  'release-timeout',
  'hand-over',
  'stall',
  'group-master',
  'group-backup',
  'resumed',
  'advertisement',
  ...GROUP_AND_BEFORE_MASTER,
] as const;

const MASTER_ONLY = [
  ...JUDGED_MASTER,
  'witness-lost',
  'startup',
  'restarted',
  'adver-timer',
  'release-timeout',
  'hand-over',
  'group-backup',
] as const;

const BACKUP_ONLY = [
  ...JUDGED,
  'startup',
  'restarted',
  'master-timeout',
  'peer-answered',
  'preempt-hold-timeout',
  'inhibit-preemption',
  'allow-preemption',
  'group-master',
  'resumed',
  ...GROUP_AND_BEFORE_MASTER,
  ...RECOVERIES,
] as const;

/**
 * Events that a state ignores on purpose. A test verifies that every pair of state and event is
 * either here or in the table.
 */
export const IGNORED: { readonly [State in VrrpState]: readonly VrrpEventType[] } = {
  initialize: ['shutdown', ...NOT_RUNNING, ...RECOVERIES],
  fault: [
    'startup',
    'restarted',
    'interface-down',
    'no-primary-ip-address',
    'no-virtual-ip-addresses',
    'fault',
    ...NOT_RUNNING,
  ],
  'backup.listening': [
    'preempt-hold-timeout',
    'resumed',
    ...MASTER_ONLY,
    ...GROUP_AND_BEFORE_MASTER,
    ...RECOVERIES,
  ],
  'backup.delaying': [
    'resumed',
    'peer-answered',
    ...MASTER_ONLY,
    ...GROUP_AND_BEFORE_MASTER,
    ...RECOVERIES,
  ],
  'backup.ready': [
    ...CLAIMING,
    'master-timeout',
    'peer-answered',
    'preempt-hold-timeout',
    'group-withdraws',
    'before-master-granted',
    'before-master-refused',
    'before-master-timeout',
    ...MASTER_ONLY,
    ...RECOVERIES,
  ],
  'backup.asking': [
    ...CLAIMING,
    'master-timeout',
    'peer-answered',
    'preempt-hold-timeout',
    'group-master',
    'group-waits',
    ...MASTER_ONLY,
    ...RECOVERIES,
  ],
  'backup.allowed': [
    ...CLAIMING,
    'master-timeout',
    'peer-answered',
    'preempt-hold-timeout',
    'before-master-granted',
    'before-master-refused',
    'before-master-timeout',
    ...MASTER_ONLY,
    ...RECOVERIES,
  ],
  'holding.master': ['release-timeout', 'successor-serves', ...BACKUP_ONLY],
  'holding.releasing': ['adver-timer', 'group-backup', 'cut-off', 'outranked', ...BACKUP_ONLY],
};
