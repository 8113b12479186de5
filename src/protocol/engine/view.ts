/** The read model: one row for each instance, as `GET /v1/status` and `status` show it. */
import type { Family, IpAddress, MacAddress } from '../../net/address.ts';
import type { Duration, Instant } from '../../net/time.ts';
import type { TrackSource } from './settings.ts';
import type { StateName, TransitionCause } from './state-name.ts';

/** The kernel has no IPVS, or not the service that the instance requires. */
export type IpvsFault = 'ipvs' | `ipvs:${string}`;

/** Why an instance is in FAULT; `name` completes `track:<name>` and `group:<name>`. */
export type FaultReason =
  | 'interface-missing'
  | 'interface-down'
  | 'no-address'
  /** IPv6 advertisements leave from a link-local address and from no other. */
  | 'no-link-local'
  /** Duplicate address detection is running for it, or has found another holder. */
  | 'link-local-tentative'
  | 'link-local-duplicate'
  | 'address-failed'
  /** The link that carries the virtual MAC cannot be made. */
  | 'virtual-mac-failed'
  | 'socket-failed'
  /** An operator has taken it out of service. */
  | 'maintenance'
  | IpvsFault
  /** A tracked thing without a weight is down. */
  | `track:${string}`
  /** Another member of the sync group is in FAULT. */
  | `group:${string}`
  /** Another station answers for a VIP, and the policy is not to fight it. */
  | 'address-conflict';

export type NewMasterReason = 'not-master' | 'priority' | 'preempted' | 'no-response';

export interface InstanceView {
  readonly name: string;
  /** Of its counters. */
  readonly row: number;
  readonly state: StateName;
  /** MASTER that has sent priority 0 and serves until the successor is heard. */
  readonly releasing: boolean;
  /** Has handed over: does not preempt until it is released, or was MASTER again. */
  readonly heldBack: boolean;
  /** Would preempt, and waits for its table of connections to catch up. */
  readonly awaitsTable: boolean;
  /** Taken out of service by an operator; a MASTER first hands over. */
  readonly maintenance: boolean;
  readonly since: Instant;
  readonly faults: readonly FaultReason[];
  readonly interface: string;
  /** Null: the addresses are announced with the MAC address of the interface. */
  readonly virtualMac: { readonly interface: string; readonly mac: MacAddress } | null;
  readonly family: Family;
  readonly vrid: number;
  readonly version: 2 | 3;
  readonly priority: PriorityView;
  readonly addresses: readonly string[];
  /** The MASTER as this router knows it: itself, a peer that was heard, or nobody yet. */
  readonly master: MasterView | null;
  readonly lastTransition: TransitionView | null;
  /** When it last left Initialize or FAULT; null: it never has. */
  readonly upSince: Instant | null;
  /** RFC 8347 `new-master-reason`. */
  readonly newMasterReason: NewMasterReason;
  readonly masterDownInterval: Duration;
  readonly skewTime: Duration;
  /** Sync group it is a member of. */
  readonly group: string | null;
  readonly tracks: readonly TrackView[];
  /** Routes and rules that move with the VIPs. */
  readonly routing: readonly RoutingView[];
}

/** One thing that the instance depends on, by itself or as a member of its sync group. */
export interface TrackView {
  readonly name: string;
  readonly kind: TrackSource['kind'];
  readonly scope: 'instance' | 'group';
  /** `unknown`: the first result is still to come. */
  readonly status: 'unknown' | 'up' | 'down';
  /** The number in a tracked file. */
  readonly value: number | null;
  /** Null: FAULT while it is down. */
  readonly weight: number | null;
  /** What it adds to the priority now. */
  readonly adjustment: number;
  /** Of the main thread; null: the engine looks by itself. */
  readonly probe: string | null;
}

export interface RoutingView {
  /** As ip(8) writes it. */
  readonly text: string;
  readonly present: boolean;
  /** Errno of the kernel's last refusal; 0: none. */
  readonly refusal: number;
}

export interface PriorityView {
  readonly configured: number;
  /** What is advertised. */
  readonly effective: number;
  /** Set at run time in place of the configured one. */
  readonly override: number | null;
}

export interface MasterView {
  readonly address: IpAddress;
  readonly priority: number;
  readonly intervalMs: number;
}

export interface TransitionView {
  readonly from: StateName;
  readonly to: StateName;
  readonly at: Instant;
  readonly event: string;
  readonly cause: TransitionCause;
  readonly reason: string;
}
