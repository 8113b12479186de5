/**
 * All that can happen to one virtual router. Names are the event identities of RFC 8347 where it
 * has one; `advertisement`, `adver-timer`, `release-timeout`, `stall`, `priority-changed`,
 * `group-master`, `group-backup`, the operator's `hand-over`, `hold-back` and `release`, and the fault events are ours.
 */
import type { Duration } from '../../src/net/time.ts';

export type VrrpEvent =
  | { readonly type: 'startup' }
  /** `linger`: keep the VIPs until the successor is heard. */
  | { readonly type: 'shutdown'; readonly linger: boolean }
  /** Active_Down_Timer fired. */
  | { readonly type: 'master-timeout' }
  /** Adver_Timer fired. */
  | { readonly type: 'adver-timer' }
  /** The preempt delay has passed while a lower priority was MASTER. */
  | { readonly type: 'preempt-hold-timeout' }
  /** No successor was heard for as long as one may take. `expired`: nor will be waited for longer. */
  | { readonly type: 'release-timeout'; readonly expired: boolean }
  /** Planned failover. `insist`: lets go even when nobody takes over. */
  | { readonly type: 'hand-over'; readonly insist: boolean }
  /** Preempt nobody until released. */
  | { readonly type: 'hold-back' }
  | { readonly type: 'release' }
  /** The protocol thread was not running for longer than the shortest Master_Down_Interval. */
  | { readonly type: 'stall' }
  /** The sync group becomes MASTER, and this member with it. */
  | { readonly type: 'group-master' }
  /** Another member of the sync group is MASTER no longer. */
  | { readonly type: 'group-backup' }
  /** The effective priority is another one from now on; an owner's never changes. */
  | { readonly type: 'priority-changed'; readonly priority: number }
  | Advertisement
  | { readonly type: FaultEvent }
  /** `remaining`: reasons for FAULT that are left. */
  | { readonly type: RecoveryEvent; readonly remaining: number };

/** A packet that passed every receive check. */
export interface Advertisement {
  readonly type: 'advertisement';
  readonly priority: number;
  readonly interval: Duration;
  /** The sender's primary address is greater than ours (unsigned, network byte order). */
  readonly greaterSource: boolean;
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
