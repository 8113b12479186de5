/**
 * The last part of BACKUP: no timer keeps the router from becoming MASTER any longer, and it waits for
 * its sync group, for the answer to `before_master`, or for both. It still listens: an accepted MASTER
 * returns it to `listening` and withdraws the request.
 */
import {
  endBeforeMaster,
  startBeforeMasterTimer,
  startDownTimer,
  startGroupTimer,
} from './effects.ts';
import type { RowMeta, TakeoverEvidence } from './model.ts';
import { vrrp } from './rules.ts';

export const MASTER = '#vrrp.holding';

export const SILENT = {
  event: 'master-timeout',
  reason: 'no-response',
  cause: 'master-silent',
} as const;

export const EVIDENT = {
  'master-resigned': { reason: 'no-response', cause: 'master-resigned' },
  'master-cut-off': { reason: 'no-response', cause: 'master-cut-off' },
  'master-dead': { reason: 'no-response', cause: 'master-dead' },
} as const satisfies { readonly [Type in TakeoverEvidence]: RowMeta };

export const PREEMPTS = {
  event: 'preempt-hold-timeout',
  reason: 'preempted',
  cause: 'preempt-delay-passed',
} as const;

export const WITH_GROUP = { event: 'group-master', cause: 'of-the-group' } as const;

export const FOLLOWS = { follows: true } as const satisfies RowMeta;

const ACCEPTED = 'RFC 9568 6.4.2: another router is MASTER, and this one follows it (F-B9, F-B11)';

/** Advertisements heard by a router that is about to become MASTER. */
const onAdvertisement = [
  {
    guard: 'isPriorityZero',
    description: 'a MASTER resigns: this router is already taking over (F-B8)',
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
    description: 'a lower priority is still MASTER: preemption is under way',
  },
  { description: 'RFC 9568 6.4.2: a lower priority is discarded (F-B10)' },
] as const;

/** The silence that led to the claim has an explanation. */
const onLife = [
  {
    guard: 'claimsBySilence',
    target: 'listening',
    actions: [startDownTimer],
    description: 'the MASTER is alive after all: the Master_Down_Interval starts over',
  },
  { description: 'does not claim by silence' },
] as const;

const onInhibition = [
  {
    guard: 'claimsBySilence',
    actions: ['inhibitPreemption'],
    description: 'the takeover preempts no MASTER',
  },
  {
    target: 'listening',
    actions: ['inhibitPreemption', startDownTimer],
    description: 'every MASTER is accepted',
  },
] as const;

const onPreemptionChanged = [
  {
    guard: 'claimsByPreemption',
    target: 'listening',
    actions: ['setPreemption', startDownTimer],
    description: 'it was about to preempt under the former rules',
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
    description: 'before_master of a member has failed: the Master_Down_Interval starts over',
  },
] as const;

const onGroupWithdraws = [
  {
    guard: 'claimsWithGroup',
    target: 'listening',
    actions: [startDownTimer],
    description: 'another member blocks the group, which was the only reason of this one',
  },
  { target: 'ready', description: 'another member blocks the group: this one does not' },
] as const;

/** The request no longer describes the takeover: the router considers it again and asks again. */
function startOver(update: 'setGroup' | 'setBeforeMaster' | undefined, why: string) {
  const updates = update === undefined ? [] : [update];
  return [
    {
      guard: 'claimsWithGroup',
      target: 'listening',
      actions: [...updates, startDownTimer],
      description: `${why}: the Master_Down_Interval starts over`,
    },
    {
      target: 'ready',
      actions: [...updates, startGroupTimer],
      description: `${why}: considered again immediately`,
    },
  ] as const;
}

const onGroupChanged = startOver('setGroup', 'the members of the sync group have changed');

const onResumed = startOver(undefined, 'the answer would go to the process that asked');

/** A router that has permission, or need not ask, becomes MASTER. */
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
    description: 'not permitted: the Master_Down_Interval starts over',
  },
  {
    guard: 'isInGroup',
    target: 'allowed',
    description: 'not permitted, but on_failure is `proceed`',
  },
  ...takingOver('not permitted, but on_failure is `proceed`'),
] as const;

export const ready = vrrp.createStateConfig({
  description: 'waits for its sync group, which is considered again at a deadline',
  entry: ['cancelDownTimer'],
  exit: ['cancelGroupTimer'],
  on: {
    'group-waits': {
      actions: [startGroupTimer],
      description: 'the deadline at which the sync group is considered again',
    },
    'group-master': [
      {
        guard: 'asksFirst',
        target: 'asking',
        description: 'the group may become MASTER: before_master is asked first',
      },
      ...takingOver('the group may become MASTER'),
    ],
    'group-aborts': onGroupAborts,
    'group-changed': {
      actions: ['setGroup', startGroupTimer],
      description: 'considered again immediately, alone if it has left the group',
    },
    resumed: { actions: [startGroupTimer], description: 'considered again immediately' },
    advertisement: onAdvertisement,
    'master-alive': onLife,
    'segment-broken': onLife,
    'inhibit-preemption': onInhibition,
    'preemption-changed': onPreemptionChanged,
  },
});

export const asking = vrrp.createStateConfig({
  description: 'waits for the answer to before_master; an accepted MASTER withdraws the request',
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
        description: 'the deadline of the request stays; a refusal has the new meaning',
      },
      ...startOver('setBeforeMaster', 'it no longer has to ask'),
    ],
    'group-withdraws': onGroupWithdraws,
    'group-aborts': onGroupAborts,
    'group-changed': onGroupChanged,
    resumed: onResumed,
    advertisement: onAdvertisement,
    'master-alive': onLife,
    'segment-broken': onLife,
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
      description: 'the deadline at which the sync group is considered again',
    },
    'group-master': [
      {
        guard: 'claimsWithGroup',
        target: MASTER,
        description: 'every member has permission: the MASTER that was heard will yield',
        meta: WITH_GROUP,
      },
      ...takingOver('every member has permission'),
    ],
    'group-withdraws': onGroupWithdraws,
    'group-aborts': onGroupAborts,
    'group-changed': onGroupChanged,
    resumed: onResumed,
    advertisement: onAdvertisement,
    'master-alive': onLife,
    'segment-broken': onLife,
    'inhibit-preemption': onInhibition,
    'preemption-changed': onPreemptionChanged,
  },
});
