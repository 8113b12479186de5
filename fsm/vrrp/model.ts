/** The data of the table: states, context and events of one virtual router, and causes. */
import type { Duration, Instant } from '../../src/net/time.ts';

export const STATES = [
  'initialize',
  'backup.listening',
  'backup.delaying',
  'backup.ready',
  'backup.asking',
  'backup.allowed',
  'holding.master',
  'holding.releasing',
  'fault',
] as const;

export type VrrpState = (typeof STATES)[number];

export const INITIAL_STATE: VrrpState = 'initialize';

/** The states of RFC 9568 section 6.3 in which the router listens for the MASTER. */
export function isBackup(state: VrrpState): boolean {
  return state.startsWith('backup');
}

/** The extended state of one virtual router. */
export interface VrrpContext {
  readonly version: 2 | 3;
  /** Effective priority, 1..254; 255 for the address owner. */
  readonly priority: number;
  readonly preempt: boolean;
  /** Zero: preempt as soon as the RFC allows. */
  readonly preemptDelay: Duration;
  /** Own Advertisement_Interval. */
  readonly advertisementInterval: Duration;
  /** Active_Adver_Interval: the interval of the MASTER last heard (RFC 9568 section 6.1). */
  readonly masterInterval: Duration;
  /** Has handed over: preempts no MASTER until an operator allows it or it has been MASTER again. */
  readonly preemptInhibited: boolean;
  /** Set: the router requests permission before it becomes MASTER. */
  readonly beforeMaster: BeforeMaster | undefined;
  /** It needs the permission of the other directors or of the witness, too; absent: it does not. */
  readonly witness?: true;
  /** The router becomes MASTER only together with its sync group. */
  readonly inGroup: boolean;
  /** Why the router is about to become MASTER, in `ready`, `asking` and `allowed`. */
  readonly claim: Claim | undefined;
  /** Why the router releases the addresses, in `releasing`. */
  readonly releasing: Releasing | undefined;
  /** When a hand-over stops waiting for a successor. */
  readonly releaseUntil: Instant;
}

export interface BeforeMaster {
  /** How long the answer may take. */
  readonly deadline: Duration;
  /** The consequence of a refusal, or of no answer in time. */
  readonly onFailure: 'proceed' | 'abort';
}

/**
 * `silence`: no MASTER is heard. `preemption`: the preempt delay has passed. `group`: the sync group
 * becomes MASTER although this member hears a MASTER, which will yield.
 */
type Claim = 'silence' | 'preemption' | 'group';

/**
 * `stop`: the agent stops, and the router releases in any case. `hand-over`: remains MASTER if no
 * successor is heard. `forced`: releases even then.
 */
type Releasing = 'stop' | 'hand-over' | 'forced';

/**
 * Why a router changed its state, for programs. Of the causes of a takeover, only `master-silent` and
 * `master-dead` mean that the former MASTER disappeared without resigning; with any other it may still
 * run.
 */
export const CAUSES = [
  'started',
  'owner-started',
  'still-master',
  'master-silent',
  'priority-zero',
  'preemption',
  'preempt-delay-passed',
  'higher-priority',
  'unheard',
  'successor-heard',
  'no-successor',
  'group-backup',
  'master-resigned',
  'master-cut-off',
  'master-dead',
  'cut-off',
  'outranked',
  'witness-lost',
  'shutdown',
  'stall',
  'fault',
  'fault-cleared',
] as const;

export type Cause = (typeof CAUSES)[number];

/** The events of one virtual router, named after the event identities of RFC 8347 where one exists. */
export type VrrpEvent =
  | { readonly type: 'startup' }
  /**
   * As `startup`: the former process of this router has died as MASTER, and the kernel still has every
   * VIP from it. `silence`: the time since its last advertisement.
   */
  | { readonly type: 'restarted'; readonly silence: Duration }
  /** `linger`: keep the VIPs until the successor is heard. */
  | { readonly type: 'shutdown'; readonly linger: boolean }
  /** Active_Down_Timer fired. */
  | { readonly type: 'master-timeout' }
  /** The judgement of more evidence than silence (`fsm/judgement`): a BACKUP takes over at once, */
  | { readonly type: TakeoverEvidence }
  /** or stays BACKUP: the MASTER is alive, or the own segment is broken; */
  | { readonly type: 'master-alive' | 'segment-broken' }
  /** a MASTER yields to another one that it hears over the peer link only, */
  | { readonly type: 'cut-off' | 'outranked' }
  /** or knows from there that its successor is MASTER. */
  | { readonly type: 'successor-serves' }
  /** Neither the other directors nor the witness allow that this router is MASTER. */
  | { readonly type: 'witness-lost' }
  /** Adver_Timer fired. */
  | { readonly type: 'adver-timer' }
  /** The preempt delay has passed while a lower priority was MASTER. */
  | { readonly type: 'preempt-hold-timeout' }
  /** No successor was heard within the longest Skew_Time. `expired`: `releaseUntil` has passed. */
  | { readonly type: 'release-timeout'; readonly expired: boolean }
  /** Planned failover. `force`: releases even when no successor is heard. */
  | { readonly type: 'hand-over'; readonly force: boolean; readonly until: Instant }
  /** An operator's request not to preempt, and its end. */
  | { readonly type: 'inhibit-preemption' }
  | { readonly type: 'allow-preemption' }
  /** The protocol thread was not running for longer than the shortest Master_Down_Interval. */
  | { readonly type: 'stall' }
  /** The effective priority has changed; an owner's never does. */
  | { readonly type: 'priority-changed'; readonly priority: number }
  /** `hearsMaster`: a MASTER is known; version 3 uses its interval. */
  | {
      readonly type: 'interval-changed';
      readonly interval: Duration;
      readonly hearsMaster: boolean;
    }
  | {
      readonly type: 'preemption-changed';
      readonly preempt: boolean;
      readonly preemptDelay: Duration;
    }
  /** The kernel's connection table has caught up, or lags again: the preempt delay follows. */
  | {
      readonly type: 'connections-synced' | 'connections-lagging';
      readonly preemptDelay: Duration;
    }
  | {
      readonly type: 'before-master-changed';
      readonly beforeMaster: BeforeMaster | undefined;
      readonly at: Instant;
    }
  /** The answer to `before_master`, or none in time; granted: the witness allows it, too. */
  | { readonly type: 'before-master-granted' | 'before-master-refused' | 'before-master-timeout' }
  /** A unicast peer has answered ARP or ND: until then its advertisements could not arrive. */
  | { readonly type: 'peer-answered' }
  /** The sync group becomes MASTER, and this member with it; `cause` comes from the leading member. */
  | { readonly type: 'group-master'; readonly cause: Cause }
  /** Another member of the sync group is no longer MASTER. */
  | { readonly type: 'group-backup' }
  /** The sync group, or a member that is ready, is considered again at `until`. */
  | { readonly type: 'group-waits'; readonly until: Instant }
  /** Another member keeps the sync group from becoming MASTER after all. */
  | { readonly type: 'group-withdraws' }
  /** `before_master` of another member has failed: the whole group starts over. */
  | { readonly type: 'group-aborts' }
  /** The router joined a sync group, left it, or the group has other members. */
  | { readonly type: 'group-changed'; readonly inGroup: boolean; readonly at: Instant }
  /** This process continues the state of another process; timers run for their remaining time. */
  | { readonly type: 'resumed'; readonly at: Instant }
  | Advertisement
  | { readonly type: FaultEvent }
  /** `remaining`: number of reasons for FAULT that remain. */
  | { readonly type: RecoveryEvent; readonly remaining: number };

/** Evidence with which a BACKUP takes over before Active_Down_Timer fires; its cause has the same name. */
export type TakeoverEvidence = 'master-resigned' | 'master-cut-off' | 'master-dead';

/** A packet that passed every receive check. */
export interface Advertisement {
  readonly type: 'advertisement';
  readonly priority: number;
  readonly interval: Duration;
  /** The sender's primary address is greater than ours (unsigned, network byte order). */
  readonly greaterSource: boolean;
  /** This host has refused to send every advertisement of ours for a Master_Down_Interval. */
  readonly unheard: boolean;
}

export const FAULT_EVENTS = [
  'interface-down',
  'no-primary-ip-address',
  'no-virtual-ip-addresses',
  'fault',
] as const;
export type FaultEvent = (typeof FAULT_EVENTS)[number];

export const RECOVERY_EVENTS = [
  'interface-up',
  'primary-ip-address',
  'virtual-ip-addresses',
  'fault-cleared',
] as const;
export type RecoveryEvent = (typeof RECOVERY_EVENTS)[number];

export type VrrpEventType = VrrpEvent['type'];

/** Properties of a row besides its effects. */
export interface RowMeta {
  /** Name of the transition for operators, where the name of the event would be wrong. */
  readonly event?: string;
  /** RFC 8347 `new-master-reason`. */
  readonly reason?: 'no-response' | 'preempted';
  /** Present on every row that changes the state operators see. `of-the-group`: the event has it. */
  readonly cause?: Cause | 'of-the-group';
  /** The sender of the advertisement is the MASTER of this BACKUP. */
  readonly follows?: true;
  /**
   * An equal event that follows changes neither state nor context and has the same effects, so they
   * may be performed again without another step.
   */
  readonly repeats?: true;
}
