/**
 * The last part of BACKUP: nothing hinders the router from becoming MASTER any more, and it waits for
 * its sync group, for the answer to `before_master`, or for both. It listens meanwhile: a MASTER that
 * is heard takes it back to `listening`, and what was asked is void.
 */
import {
  endBeforeMaster,
  startBeforeMasterTimer,
  startDownTimer,
  startGroupTimer,
} from './effects.ts';
import type { RowMeta } from './model.ts';
import { vrrp } from './rules.ts';

export const MASTER = '#vrrp.holding';

export const SILENT = {
  event: 'master-timeout',
  reason: 'no-response',
  cause: 'master-silent',
} as const;

export const PREEMPTS = {
  event: 'preempt-hold-timeout',
  reason: 'preempted',
  cause: 'preempt-delay-passed',
} as const;

export const WITH_GROUP = { event: 'group-master', cause: 'of-the-group' } as const;

export const FOLLOWS = { follows: true } as const satisfies RowMeta;

const ACCEPTED = 'RFC 9568 6.4.2: another router is MASTER: it is followed instead (F-B9, F-B11)';

/** What is heard by a router that is about to become MASTER. */
const onAdvertisement = [
  {
    guard: 'isPriorityZero',
    description: 'a MASTER resigns: there is nothing left to wait for (F-B8)',
  },
  {
    guard: 'isAcceptedMaster',
    target: 'listening',
    actions: ['learnInterval', startDownTimer],
    description: ACCEPTED,
    meta: FOLLOWS,
  },
  {
    guard: 'waitsToPreemptAfterAll',
    target: 'delaying',
    actions: ['learnInterval', startDownTimer],
    description: 'a lower priority became MASTER meanwhile: the preempt delay starts',
    meta: FOLLOWS,
  },
  {
    guard: 'claimsByPreemption',
    actions: ['learnInterval'],
    description: 'a lower priority is MASTER still: preemption is under way',
  },
  { description: 'RFC 9568 6.4.2: a lower priority is discarded (F-B10)' },
] as const;

const onInhibition = [
  {
    guard: 'claimsBySilence',
    actions: ['inhibitPreemption'],
    description: 'there is no MASTER that could be preempted',
  },
  {
    target: 'listening',
    actions: ['inhibitPreemption', startDownTimer],
    description: 'every MASTER is accepted from now on',
  },
] as const;

const onPreemptionChanged = [
  {
    guard: 'claimsByPreemption',
    target: 'listening',
    actions: ['setPreemption', startDownTimer],
    description: 'it was about to preempt by rules that no longer apply',
  },
] as const;

const onGroupAborts = [
  {
    guard: 'claimsByPreemption',
    target: 'delaying',
    actions: [startDownTimer],
    description: 'before_master of a member has failed: the preempt delay starts over',
  },
  {
    target: 'listening',
    actions: [startDownTimer],
    description: 'before_master of a member has failed: silence is awaited again',
  },
] as const;

const onGroupWithdraws = [
  {
    guard: 'claimsWithGroup',
    target: 'listening',
    actions: [startDownTimer],
    description: 'another member hinders the group: this one had only followed it',
  },
  { target: 'ready', description: 'another member hinders the group: this one does not' },
] as const;

/** The request no longer stands for what would be done: it is considered again, and asked again. */
function again(update: 'setGroup' | 'setBeforeMaster' | undefined, why: string) {
  const updates = update === undefined ? [] : [update];
  return [
    {
      guard: 'claimsWithGroup',
      target: 'listening',
      actions: [...updates, startDownTimer],
      description: `${why}: silence is awaited again`,
    },
    {
      target: 'ready',
      actions: [...updates, startGroupTimer],
      description: `${why}: considered again immediately`,
    },
  ] as const;
}

const onGroupChanged = again('setGroup', 'the members of the sync group have changed');

const onResumed = again(undefined, 'the answer would reach the process that asked');

/** Who has permission, or need not ask, becomes MASTER. */
function takingOver(why: string) {
  return [
    {
      guard: 'claimsByPreemption',
      target: MASTER,
      description: `${why}: the preempt delay had passed`,
      meta: PREEMPTS,
    },
    { target: MASTER, description: `${why}: no MASTER was heard (F-B7)`, meta: SILENT },
  ] as const;
}

const onFailure = [
  {
    guard: 'abortsPreemption',
    target: 'delaying',
    actions: [startDownTimer],
    description: 'not permitted: the preempt delay starts over',
  },
  {
    guard: 'abortsOnFailure',
    target: 'listening',
    actions: [startDownTimer],
    description: 'not permitted: silence is awaited again',
  },
  { guard: 'isInGroup', target: 'allowed', description: 'not permitted, which is ignored' },
  ...takingOver('not permitted, which is ignored'),
] as const;

export const ready = vrrp.createStateConfig({
  description: 'nothing hinders it; waits for its sync group, which looks again at a deadline',
  entry: ['cancelDownTimer'],
  exit: ['cancelGroupTimer'],
  on: {
    'group-waits': {
      actions: [startGroupTimer],
      description: 'the sync group is considered again then',
    },
    'group-master': [
      {
        guard: 'asksFirst',
        target: 'asking',
        description: 'nothing hinders the group: before_master is asked first',
      },
      ...takingOver('nothing hinders the group'),
    ],
    'group-aborts': onGroupAborts,
    'group-changed': {
      actions: ['setGroup', startGroupTimer],
      description: 'considered again immediately, alone if it has left the group',
    },
    resumed: { actions: [startGroupTimer], description: 'considered again immediately' },
    advertisement: onAdvertisement,
    'inhibit-preemption': onInhibition,
    'preemption-changed': onPreemptionChanged,
  },
});

export const asking = vrrp.createStateConfig({
  description: 'before_master was asked: listens, and any other MASTER makes the request void',
  entry: ['cancelDownTimer', 'askBeforeMaster', startBeforeMasterTimer],
  exit: ['cancelBeforeMasterTimer', endBeforeMaster],
  on: {
    'before-master-granted': [
      { guard: 'isInGroup', target: 'allowed', description: 'its sync group decides' },
      ...takingOver('permitted'),
    ],
    'before-master-refused': onFailure,
    'before-master-timeout': onFailure,
    'before-master-changed': [
      {
        guard: 'stillAsks',
        actions: ['setBeforeMaster'],
        description: 'the deadline of the request stands; what a refusal means is new',
      },
      ...again('setBeforeMaster', 'it need not ask any more'),
    ],
    'group-withdraws': onGroupWithdraws,
    'group-aborts': onGroupAborts,
    'group-changed': onGroupChanged,
    resumed: onResumed,
    advertisement: onAdvertisement,
    'inhibit-preemption': onInhibition,
    'preemption-changed': onPreemptionChanged,
  },
});

export const allowed = vrrp.createStateConfig({
  description: 'has permission, and waits for the other members of its sync group',
  exit: ['cancelGroupTimer'],
  on: {
    'group-waits': {
      actions: [startGroupTimer],
      description: 'the sync group is considered again then',
    },
    'group-master': [
      {
        guard: 'claimsWithGroup',
        target: MASTER,
        description: 'every member may: the MASTER that is heard will yield',
        meta: WITH_GROUP,
      },
      ...takingOver('every member may'),
    ],
    'group-withdraws': onGroupWithdraws,
    'group-aborts': onGroupAborts,
    'group-changed': onGroupChanged,
    resumed: onResumed,
    advertisement: onAdvertisement,
    'inhibit-preemption': onInhibition,
    'preemption-changed': onPreemptionChanged,
  },
});
