/** Events of the protocol: states, tracked objects and packets. */

import type { DiscardReason, PacketWarning } from '../../protocol/engine/intake-reasons.ts';
import type {
  BeforeMasterOutcome,
  StateName,
  TransitionCause,
} from '../../protocol/engine/reports.ts';
import type { TrackSource } from '../../protocol/engine/settings.ts';
import type { PathLossCause, PeerProblemCode } from '../../protocol/engine/view.ts';
import { problemText } from '../peer-problem-text.ts';
import { COUNT_SO_FAR, INSTANCE, type LevelRule, reported } from './event-entry.ts';

/** Identities based on `vrrp-error-global`; the other refusals concern one virtual router. */
const GLOBAL_ERRORS: ReadonlySet<DiscardReason> = new Set([
  'checksum-error',
  'ip-ttl-error',
  'version-error',
  'vrid-error',
]);

/** Identities based on `vrrp-error-virtual-router`. */
const ROUTER_ERRORS: ReadonlySet<DiscardReason> = new Set([
  'address-list-error',
  'interval-error',
  'packet-length-error',
]);

const BEFORE_MASTER: { readonly [Outcome in BeforeMasterOutcome]: string } = {
  asked: 'the takeover waits for before_master',
  granted: 'before_master succeeded: the takeover continues',
  refused: 'before_master failed',
  'timed-out': 'before_master timed out',
  withdrawn: 'the takeover is no longer needed',
};

/** The most likely cause, by errno. */
const SEND_HINT: { readonly [errno: string]: string } = {
  EPERM: ': a firewall on this host drops it, so that peers do not hear this router',
  EMSGSIZE: ': the MTU of the link is too small for the list of addresses',
};

const WARNING_HINT: { readonly [Warning in PacketWarning]?: string } = {
  'hmac-missing': ': it is not signed, which "mode: enforce" would refuse',
};

/** What to do about some reasons. */
const DISCARD_HINT: { readonly [Reason in DiscardReason]?: string } = {
  'hmac-missing': ': it is not signed ("authentication")',
  'hmac-stale': ': compare the clocks of the two hosts, or a host sends old captures',
  carp:
    ': CARP (OpenBSD, FreeBSD, pfSense), not VRRP, with the same number and so the same virtual MAC ' +
    'address: choose another VRID here or another VHID there',
};

export interface StallFacts {
  readonly duration_ms: number;
  /**
   * `host`: the thread was ready to run and was not scheduled. `self`: it was busy. `paused`: the process
   * or the whole host was stopped. Null: unknown.
   */
  readonly cause: 'host' | 'self' | 'paused' | null;
  /** How long it was ready to run without a processor; null: unknown. */
  readonly waited_ms: number | null;
  /** How long it ran; null: unknown. */
  readonly ran_ms: number | null;
}

export interface MasterRefusedFacts {
  readonly instance: string;
  readonly vrid: number;
  readonly peer: string;
  readonly peer_priority: number;
  readonly reason: DiscardReason;
  readonly heard: string | null;
  readonly expected: string | null;
}

const FAULT_WARNS: LevelRule<{ readonly to: StateName }> = {
  of: ({ to }) => (to === 'FAULT' ? 'warn' : 'info'),
  words: '`warn` to FAULT, else `info`',
};

function colourOfState({ to }: { readonly to: StateName }) {
  if (to === 'FAULT') return 'bad';
  return to === 'MASTER' ? 'good' : 'plain';
}

export const ROUTER_EVENTS = {
  transition: reported<
    'transition',
    {
      readonly instance: string;
      readonly from: StateName;
      readonly to: StateName;
      readonly event: string;
      readonly cause: TransitionCause;
      readonly reason: string;
      readonly priority: number;
    }
  >({
    when: 'An instance changed state.',
    level: FAULT_WARNS,
    colour: colourOfState,
    facts: ({ instance, from, to, event, cause, reason, priority }) => ({
      ...{ instance, from, to, event, cause, reason, priority },
    }),
    sentence: ({ from, to, reason }) => `${from} to ${to}: ${reason}`,
    notification: ({ to }) => (to === 'MASTER' ? 'vrrp-new-master-event' : undefined),
    fields: {
      instance: INSTANCE,
      from: 'state before',
      to: 'state now',
      event:
        'the event that the state machine processed, named as in RFC 8347 where it defines one',
      cause: 'why, as one of the [causes](#causes) below',
      reason: 'why, as a sentence; its wording may change',
      priority: 'effective priority',
    },
    example: {
      instance: 'web',
      from: 'BACKUP',
      to: 'MASTER',
      event: 'master-timeout',
      cause: 'master-silent',
      reason: 'no advertisement for 3.414s',
      priority: 150,
    },
  }),
  group: reported<
    'group',
    { readonly group: string; readonly from: StateName; readonly to: StateName }
  >({
    when: 'All members of a sync group changed state together.',
    level: FAULT_WARNS,
    colour: colourOfState,
    facts: ({ group, from, to }) => ({ group, from, to }),
    sentence: ({ from, to }) => `sync group ${from} to ${to}`,
    fields: { group: 'name of the sync group', from: 'state before', to: 'state now' },
    example: { group: 'pair', from: 'BACKUP', to: 'MASTER' },
  }),
  'priority-changed': reported<
    'priority-changed',
    {
      readonly instance: string;
      readonly from: number;
      readonly to: number;
      readonly reason: string;
    }
  >({
    when: 'The effective priority changed.',
    level: 'info',
    facts: ({ instance, from, to, reason }) => ({ instance, from, to, reason }),
    sentence: ({ from, to, reason }) => `priority ${from} to ${to}: ${reason}`,
    fields: {
      instance: INSTANCE,
      from: 'priority before',
      to: 'priority now',
      reason: 'what changed it',
    },
    example: { instance: 'web', from: 150, to: 100, reason: 'track:uplink is down' },
  }),
  track: reported<
    'track',
    {
      readonly track: string;
      readonly source: TrackSource['kind'];
      readonly instances: readonly string[];
      readonly state: 'up' | 'down' | 'unknown';
      readonly value: number | null;
      readonly result: string;
    }
  >({
    when: 'A tracked object went up or down, its number changed, or it has had no result for long.',
    level: {
      of: ({ state }) => (state === 'up' ? 'info' : 'warn'),
      words: '`info` when up, else `warn`',
    },
    facts: ({ track, source, instances, state, value = null, detail }) => {
      return { track, source, instances, state, value, result: detail };
    },
    sentence: ({ track, state, value, result }) =>
      value === null ? `track:${track} is ${state}: ${result}` : `track:${track} is ${value}`,
    fields: {
      track: 'name of the tracked object',
      source: 'what is tracked: `interface`, `script`, `file` and so on',
      instances: 'the instances that depend on it',
      state: '`up`, `down` or `unknown`',
      value: 'the number in a tracked file; else null',
      result: 'what the check found',
    },
    example: {
      ...{ track: 'uplink', source: 'interface', instances: ['web'], state: 'down' },
      ...{ value: null, result: 'link is down' },
    },
  }),
  discard: reported<
    'discard',
    {
      readonly instance: string | null;
      readonly reason: DiscardReason;
      readonly source: string | null;
      readonly count: number;
    }
  >({
    when: 'A received packet was refused.',
    level: 'warn',
    facts: ({ instance = null, reason, source = null, count }) => ({
      ...{ instance, reason, source, count },
    }),
    sentence: ({ source, reason, count }) =>
      `packet from ${source ?? 'an unknown source'} refused: ${reason} (${count} so far)${DISCARD_HINT[reason] ?? ''}`,
    notification: ({ reason }) => {
      if (GLOBAL_ERRORS.has(reason)) return 'vrrp-protocol-error-event';
      return ROUTER_ERRORS.has(reason) ? 'vrrp-virtual-router-error-event' : undefined;
    },
    fields: {
      instance: `${INSTANCE}; null: the packet belongs to none`,
      reason: 'the receive check that failed',
      source: 'source address; null: unknown',
      count: COUNT_SO_FAR,
    },
    example: { instance: 'web', reason: 'checksum-error', source: '192.0.2.12', count: 1 },
  }),
  warning: reported<
    'warning',
    {
      readonly instance: string;
      readonly warning: PacketWarning;
      readonly source: string;
      readonly count: number;
    }
  >({
    when: 'A received packet was accepted although it differs from the configuration.',
    level: 'warn',
    facts: ({ instance, warning, source, count }) => ({ instance, warning, source, count }),
    sentence: ({ source, warning, count }) =>
      `packet from ${source} accepted with warning: ${warning} (${count} so far)${WARNING_HINT[warning] ?? ''}`,
    fields: {
      instance: INSTANCE,
      warning: 'what differs',
      source: 'source address',
      count: COUNT_SO_FAR,
    },
    example: { instance: 'web', warning: 'interval-error', source: '192.0.2.12', count: 1 },
  }),
  'dual-master': reported<
    'dual-master',
    {
      readonly instance: string;
      readonly peer: string;
      readonly peer_priority: number;
      readonly evidence: string | null;
    }
  >({
    when: 'Another router is MASTER while this one is MASTER: it advertises, or says so over the peer link.',
    level: 'error',
    facts: ({ instance, peer, peerPriority, evidence = null }) => ({
      ...{ instance, peer, peer_priority: peerPriority, evidence },
    }),
    sentence: ({ peer, peer_priority: priority, evidence }) =>
      `second MASTER detected: ${peer} with priority ${priority}${evidence === null ? '' : `: ${evidence}`}`,
    fields: {
      instance: INSTANCE,
      peer: 'address of the other MASTER',
      peer_priority: 'its priority',
      evidence: 'what the peer link shows of both; null: heard by an advertisement',
    },
    example: { instance: 'web', peer: '192.0.2.12', peer_priority: 90, evidence: null },
  }),
  'authentication-clock': reported<
    'authentication-clock',
    {
      readonly instance: string;
      readonly peer: string;
      readonly ahead_ms: number;
      readonly window_ms: number;
      readonly agrees: boolean;
    }
  >({
    when: 'The clock of a router that signs its advertisements differs by more than half the window, or agrees again.',
    level: {
      of: ({ agrees }) => (agrees ? 'info' : 'warn'),
      words: 'warn; info when they agree again',
    },
    facts: ({ instance, peer, ahead, window, agrees }) => ({
      ...{ instance, peer, ahead_ms: Math.round(ahead / 1_000) },
      ...{ window_ms: window / 1_000, agrees },
    }),
    sentence: ({ peer, ahead_ms: ahead, window_ms: window, agrees }) => {
      if (agrees) return `the clock of ${peer} agrees with that of this host again`;
      const place = ahead > 0 ? 'ahead of' : 'behind';
      const by = (Math.abs(ahead) / 1_000).toFixed(1);
      return `the clock of ${peer} is ${by} s ${place} that of this host: from ${window / 1_000} s on its advertisements are refused; set the time on both (NTP)`;
    },
    fields: {
      instance: INSTANCE,
      peer: 'address of the router',
      ahead_ms: 'how far its clock is ahead, in milliseconds',
      window_ms: 'from this difference on its advertisements are refused',
      agrees: 'whether the clocks agree again',
    },
    example: {
      instance: 'web',
      peer: '192.0.2.12',
      ahead_ms: 2_700,
      window_ms: 5_000,
      agrees: false,
    },
  }),
  'vrrp-path-lost': reported<
    'vrrp-path-lost',
    {
      readonly instance: string;
      readonly director: string | null;
      readonly cause: PathLossCause;
      readonly reason: string;
    }
  >({
    when: 'No advertisement arrives, and this BACKUP does not take over: the MASTER is alive over the peer link, or this director is cut off.',
    level: 'error',
    facts: ({ instance, director, cause, reason }) => ({ instance, director, cause, reason }),
    sentence: ({ reason }) => `no advertisement arrives, stays BACKUP: ${reason}`,
    fields: {
      instance: INSTANCE,
      director: 'the MASTER; null: unknown',
      cause:
        '`vrrp-blocked`: the directors reach each other and only VRRP is blocked; `unreachable`: the MASTER does not answer here; `segment-broken`: no third host answers here',
      reason: 'the evidence in words',
    },
    example: {
      ...{ instance: 'web', director: 'lb1', cause: 'vrrp-blocked' },
      reason:
        'lb1 is MASTER over the peer link and answers ARP here: VRRP is blocked between the directors (firewall? IGMP snooping?)',
    },
  }),
  'vrrp-path-restored': reported<
    'vrrp-path-restored',
    { readonly instance: string; readonly duration_ms: number }
  >({
    when: 'Advertisements arrive again, or the instance is no longer BACKUP.',
    level: 'info',
    facts: ({ instance, microseconds }) => ({ instance, duration_ms: microseconds / 1_000 }),
    sentence: ({ duration_ms: duration }) =>
      `the loss of advertisements has ended after ${duration} ms`,
    fields: { instance: INSTANCE, duration_ms: 'how long it lasted' },
    example: { instance: 'web', duration_ms: 30_000 },
  }),
  'dual-master-ended': reported<
    'dual-master-ended',
    { readonly instance: string; readonly peer: string; readonly duration_ms: number }
  >({
    when: 'The other MASTER stopped advertising; this router announces its addresses again.',
    level: 'info',
    facts: ({ instance, peer, microseconds }) => ({
      ...{ instance, peer, duration_ms: microseconds / 1_000 },
    }),
    sentence: ({ peer, duration_ms: duration }) =>
      `dual MASTER with ${peer} ended after ${duration} ms`,
    fields: {
      instance: INSTANCE,
      peer: 'address of the other MASTER',
      duration_ms: 'how long both were MASTER',
    },
    example: { instance: 'web', peer: '192.0.2.12', duration_ms: 4_000 },
  }),
  'master-refused': reported<'master-refused', MasterRefusedFacts>({
    when: 'Another router appears to be MASTER of the same virtual router, and its advertisements are refused: both will be MASTER.',
    level: 'error',
    facts: ({ instance, vrid, peer, peerPriority, reason, heard, expected }) => ({
      ...{ instance, vrid, peer, peer_priority: peerPriority, reason, heard, expected },
    }),
    sentence: (facts) => {
      const priority = facts.reason === 'carp' ? '' : ` with priority ${facts.peer_priority}`;
      const problem = problemText({ ...facts, code: facts.reason, free_vrid: null });
      return `${facts.peer} advertises VRID ${facts.vrid}${priority} and is refused: ${problem}`;
    },
    fields: {
      instance: INSTANCE,
      vrid: 'the VRID that both advertise',
      peer: 'address of the other router',
      peer_priority: 'its priority; of CARP, its advskew',
      reason: 'the receive check that fails',
      heard: 'what it sends; null: there is nothing to compare',
      expected: 'what this router expects; null: there is nothing to compare',
    },
    example: {
      ...{ instance: 'web', vrid: 55, peer: '192.0.2.12', peer_priority: 90 },
      ...{ reason: 'version-error', heard: '2', expected: '3' },
    },
  }),
  'master-stays': reported<'master-stays', Omit<MasterRefusedFacts, 'reason'>>({
    when: 'Another router stays MASTER of the same virtual router, although it has to yield to this one: it does not hear this MASTER, or refuses its advertisements.',
    level: 'error',
    facts: ({ instance, vrid, peer, peerPriority, heard, expected }) => ({
      ...{ instance, vrid, peer, peer_priority: peerPriority, heard, expected },
    }),
    sentence: (facts) =>
      `${facts.peer} stays MASTER of VRID ${facts.vrid} with priority ${facts.peer_priority}: ${problemText({ ...facts, code: 'master-stays', free_vrid: null })}`,
    fields: {
      instance: INSTANCE,
      vrid: 'the VRID that both advertise',
      peer: 'address of the other router',
      peer_priority: 'its priority',
      heard: 'the addresses that it advertises; null: the same as this router',
      expected: 'the addresses of this router; null: the same',
    },
    example: {
      ...{ instance: 'web', vrid: 55, peer: '192.0.2.12', peer_priority: 90 },
      ...{ heard: '203.0.113.100', expected: '203.0.113.100 203.0.113.101' },
    },
  }),
  'addresses-unserved': reported<
    'addresses-unserved',
    { readonly instance: string; readonly peer: string; readonly addresses: string }
  >({
    when: 'The MASTER of this BACKUP does not advertise some of its addresses: the lists of the two differ, and no director serves these.',
    level: 'error',
    facts: ({ instance, peer, addresses }) => ({ instance, peer, addresses }),
    sentence: ({ peer, addresses }) =>
      `${peer}: ${problemText({ code: 'addresses-unserved', heard: addresses, expected: null, free_vrid: null })}`,
    fields: {
      instance: INSTANCE,
      peer: 'address of the MASTER',
      addresses: 'those that it does not advertise, the first few',
    },
    example: { instance: 'web', peer: '192.0.2.12', addresses: '203.0.113.101' },
  }),
  'vrid-shared': reported<
    'vrid-shared',
    {
      readonly instance: string;
      readonly vrid: number;
      readonly peer: string;
      readonly addresses: string;
      readonly free_vrid: number | null;
    }
  >({
    when: 'Another router advertises the same VRID with other addresses: two clusters use one VRID. Recorded again once a free VRID is known.',
    level: 'error',
    facts: ({ instance, vrid, peer, addresses, freeVrid }) => ({
      ...{ instance, vrid, peer, addresses, free_vrid: freeVrid },
    }),
    sentence: ({ vrid, peer, addresses, free_vrid }) =>
      `${peer} is MASTER of VRID ${vrid} too: ${problemText({ code: 'vrid-shared', heard: addresses, expected: null, free_vrid })}`,
    fields: {
      instance: INSTANCE,
      vrid: 'the VRID of both clusters',
      peer: 'address of a router of the other cluster',
      addresses: 'the addresses of the other cluster',
      free_vrid: 'a VRID that no router on the segment uses; null: not known yet',
    },
    example: {
      ...{ instance: 'web', vrid: 55, peer: '192.0.2.31' },
      ...{ addresses: '203.0.113.200', free_vrid: 1 },
    },
  }),
  'peer-problem-ended': reported<
    'peer-problem-ended',
    {
      readonly instance: string;
      readonly peer: string;
      readonly problem: PeerProblemCode;
    }
  >({
    when: 'The router of `master-refused`, `master-stays`, `addresses-unserved` or `vrid-shared` is accepted now, has fallen silent, or the instance was changed.',
    level: 'info',
    facts: ({ instance, peer, problem }) => ({ instance, peer, problem }),
    sentence: ({ peer, problem }) => `${problem} of ${peer} is over`,
    fields: {
      instance: INSTANCE,
      peer: 'address of the other router',
      problem: 'the `reason` of `master-refused`, or the name of the other event',
    },
    example: { instance: 'web', peer: '192.0.2.12', problem: 'version-error' },
  }),
  'before-master': reported<
    'before-master',
    { readonly instance: string; readonly id: number; readonly outcome: BeforeMasterOutcome }
  >({
    when: 'A takeover waits for the command `notify.before_master`, or no longer does.',
    level: {
      of: ({ outcome }) => (outcome === 'refused' || outcome === 'timed-out' ? 'warn' : 'info'),
      words: '`warn` for `refused` and `timed-out`, else `info`',
    },
    facts: ({ instance, id, outcome }) => ({ instance, id, outcome }),
    sentence: ({ outcome }) => BEFORE_MASTER[outcome],
    fields: {
      instance: INSTANCE,
      id: 'number of this attempt',
      outcome: '`asked`, `granted`, `refused`, `timed-out` or `withdrawn`',
    },
    example: { instance: 'web', id: 1, outcome: 'asked' },
  }),
  stall: reported<'stall', StallFacts>({
    when: 'The protocol thread did not run for so long that a peer may have taken over.',
    level: 'warn',
    facts: ({ microseconds, blame }) => ({
      duration_ms: microseconds / 1_000,
      cause: blame?.cause ?? null,
      waited_ms: blame === undefined ? null : blame.waitedMicroseconds / 1_000,
      ran_ms: blame === undefined ? null : blame.ranMicroseconds / 1_000,
    }),
    sentence: (facts) =>
      `the protocol thread stalled for ${facts.duration_ms} ms${stallCauseOf(facts)}`,
    fields: {
      duration_ms: 'how long it did not run',
      cause:
        '`host`: the thread was ready to run and was not scheduled; `self`: it was busy; `paused`: the process or the host was stopped; null: unknown',
      waited_ms: 'how long it was ready to run without a processor; null: unknown',
      ran_ms: 'how long it ran; null: unknown',
    },
    example: { duration_ms: 4_200, cause: 'host', waited_ms: 4_180, ran_ms: 3 },
  }),
  'netlink-malformed': reported<'netlink-malformed', { readonly count: number }>({
    when: 'A kernel message could not be decoded; the agent read links, addresses and routes again.',
    level: 'warn',
    facts: ({ count }) => ({ count }),
    sentence: ({ count }) =>
      `could not decode a netlink message (${count} so far); the agent read the state of the kernel again`,
    fields: { count: COUNT_SO_FAR },
    example: { count: 1 },
  }),
  'send-failed': reported<'send-failed', { readonly errno: string; readonly count: number }>({
    when: 'The kernel refused to send advertisements or announcements.',
    level: 'error',
    facts: ({ errno, count }) => ({ errno, count }),
    sentence: ({ errno, count }) =>
      `could not send a message (${count} so far): ${errno}${SEND_HINT[errno] ?? ''}`,
    fields: {
      errno: 'as in errno(3)',
      count: 'failures since the last five minutes without one; recorded at 1, 2, 4, 8 and so on',
    },
    example: { errno: 'EPERM', count: 1 },
  }),
} as const;

function stallCauseOf({ cause, waited_ms: waited, ran_ms: ran }: StallFacts): string {
  switch (cause) {
    case 'host':
      return `: the host did not schedule this thread for ${waited} ms`;
    case 'self':
      return `: this process was busy for ${ran} ms`;
    case 'paused':
      return ': the process or the whole host was paused';
    case null:
      return '';
  }
}

/** The meaning of each cause, for the reference page. */
export const TRANSITION_CAUSES: { readonly [Cause in TransitionCause]: string } = {
  started: 'the instance started',
  'still-master': 'started again in time after it died as MASTER: no peer has taken over',
  'owner-started': 'the owner of the addresses (priority 255) started',
  'master-silent': 'no advertisement for Master_Down_Interval: the MASTER crashed or is cut off',
  'priority-zero': 'the MASTER advertised priority 0',
  preemption: 'this router preempted a MASTER of lower priority',
  'preempt-delay-passed':
    'this router preempted once `preempt_delay` had passed or its connection table had caught up (`preempt_when_synced`)',
  'higher-priority':
    'another router advertises a higher priority, or the same priority and the greater address',
  unheard:
    'this host refused to send every advertisement for Master_Down_Interval, and another router is MASTER',
  'successor-heard': 'this MASTER handed over and heard its successor',
  'no-successor': 'this MASTER resigned, and no successor was heard in time',
  'group-backup': 'another member of the sync group is no longer MASTER',
  'master-resigned': 'the MASTER resigned over the peer link and named this director',
  'master-cut-off':
    'the MASTER said over the peer link that no third host answers it, and third hosts answer this director',
  'master-dead': 'the MASTER was silent on every path for `dead_after`',
  'cut-off':
    'no third host answers this MASTER, and another director, which they answer, is MASTER over the peer link',
  outranked:
    'another director is MASTER over the peer link, and is greater, the only one that is known to serve, or has the promise of this one',
  'witness-lost':
    'neither the other directors nor the witness allow that this director is MASTER (`on_loss: release`)',
  shutdown: 'the agent stops, or the instance was removed from the configuration',
  stall: 'the protocol thread stalled for longer than a peer waits',
  fault: 'the instance has a fault; `reason` lists all of them',
  'fault-cleared': 'the last fault is gone',
  'agent-failed': 'the protocol thread failed',
};
