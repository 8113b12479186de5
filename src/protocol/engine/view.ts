/** The read model: one row for each instance, as `GET /v1/status` and `status` show it. */
import type { Family, IpAddress, MacAddress } from '../../net/address.ts';
import type { Duration, Instant } from '../../net/time.ts';
import type { DiscardReason } from './intake-reasons.ts';
import type { AuthenticatedSender } from './keyring.ts';
import type { TrackSource } from './settings.ts';
import type { StateName, TransitionCause } from './state-name.ts';
import type { WitnessView } from './witness-messages.ts';

/** The kernel lacks IPVS, or the service that the instance requires. */
export type IpvsFault = 'ipvs' | `ipvs:${string}`;

/** Why an instance is in FAULT. */
export type FaultReason =
  | 'interface-missing'
  | 'interface-down'
  /** The interface is a port of this bridge, bond or the like, which gets its packets. */
  | `port-of:${string}`
  | 'no-address'
  /** IPv6 advertisements need a link-local source address. */
  | 'no-link-local'
  /** Duplicate address detection is running for the link-local address, or has failed. */
  | 'link-local-tentative'
  | 'link-local-duplicate'
  | 'address-failed'
  /** The link that carries the virtual MAC cannot be made. */
  | 'virtual-mac-failed'
  | 'socket-failed'
  /** Taken out of service by an operator. */
  | 'maintenance'
  | IpvsFault
  /** A tracked object without a weight is down. */
  | `track:${string}`
  /** Another member of the sync group is in FAULT. */
  | `group:${string}`
  /** A host outside the VRRP group answers for a VIP, and the policy is FAULT. */
  | 'address-conflict';

export type NewMasterReason = 'not-master' | 'priority' | 'preempted' | 'no-response';

export interface InstanceView {
  readonly name: string;
  /** Row of its counters. */
  readonly row: number;
  readonly state: StateName;
  /** A MASTER that has sent priority 0 and serves until the successor is heard. */
  readonly releasing: boolean;
  /** Has handed over: does not preempt until an operator releases it or it has been MASTER again. */
  readonly heldBack: boolean;
  /** Would preempt, and waits for the connection table to catch up. */
  readonly awaitsTable: boolean;
  /** Taken out of service by an operator; a MASTER first hands over. */
  readonly maintenance: boolean;
  readonly since: Instant;
  readonly faults: readonly FaultReason[];
  readonly interface: string;
  /** Null: the addresses use the MAC address of the interface. */
  readonly virtualMac: { readonly interface: string; readonly mac: MacAddress } | null;
  readonly family: Family;
  readonly vrid: number;
  readonly version: 2 | 3;
  readonly priority: PriorityView;
  readonly addresses: readonly string[];
  /** The MASTER that this router knows: itself or a peer; null: none. */
  readonly master: MasterView | null;
  readonly lastTransition: TransitionView | null;
  /** When it last left Initialize or FAULT; null: never. */
  readonly upSince: Instant | null;
  /** RFC 8347 `new-master-reason`. */
  readonly newMasterReason: NewMasterReason;
  readonly masterDownInterval: Duration;
  readonly skewTime: Duration;
  readonly group: string | null;
  readonly tracks: readonly TrackView[];
  /** VIPs that this host has in other places, too. */
  readonly strays: readonly StrayAddress[];
  /** Routes and rules that move with the VIPs. */
  readonly routing: readonly RoutingView[];
  /** Absent: none. */
  readonly problems?: readonly PeerProblem[];
  /** No advertisement arrives, and this BACKUP does not take over; absent: not so. */
  readonly pathLoss?: PathLoss;
  /** Absent: the instance has no witness. */
  readonly witness?: WitnessView;
  /** Whose signed advertisements were right; absent: no authentication by HMAC. */
  readonly senders?: readonly AuthenticatedSender[];
}

/**
 * Why a BACKUP stays BACKUP although no advertisement arrives. `vrrp-blocked`: the directors reach each
 * other on the segment, and only VRRP is blocked. `unreachable`: the MASTER is alive over the peer link,
 * and does not answer here. `segment-broken`: no third host answers here.
 */
export type PathLossCause = 'vrrp-blocked' | 'unreachable' | 'segment-broken';

export interface PathLoss {
  readonly cause: PathLossCause;
  readonly since: Instant;
  /** The evidence, for people. */
  readonly reason: string;
}

/**
 * A receive check that its advertisements fail. `vrid-shared`: it serves other addresses.
 * `addresses-unserved`: this BACKUP has more addresses than it. `master-stays`: it does not yield to this
 * MASTER, which it has to.
 */
export type PeerProblemCode = DiscardReason | 'vrid-shared' | 'addresses-unserved' | 'master-stays';

/** A router that is heard as MASTER and cannot be a peer as both are configured. */
export interface PeerProblem {
  readonly peer: IpAddress;
  readonly code: PeerProblemCode;
  readonly since: Instant;
  /** What it sends and what this router expects; null where there is nothing to compare. */
  readonly heard: string | null;
  readonly expected: string | null;
  /** A VRID that no router uses; null: unknown so far. */
  readonly freeVrid: number | null;
}

/** A VIP that another program has given to an interface of this host. */
export interface StrayAddress {
  /** With its prefix length, and its far end if it is a point-to-point address: as `ip address` takes it. */
  readonly address: string;
  readonly interface: string;
  /** The interface on which hosts ask for it: `interface` itself, unless that one is never asked. */
  readonly wire: string;
}

/** An object that the instance depends on, by itself or as a member of its sync group. */
export interface TrackView {
  readonly name: string;
  readonly kind: TrackSource['kind'];
  readonly scope: 'instance' | 'group';
  /** `unknown`: no result yet. */
  readonly status: 'unknown' | 'up' | 'down';
  /** The number in a tracked file. */
  readonly value: number | null;
  /** Null: FAULT while it is down. */
  readonly weight: number | null;
  /** True: the weight has the opposite sign, or FAULT is while the object is up. */
  readonly reverse: boolean;
  /** Added to the priority at present. */
  readonly adjustment: number;
  /** Name of the main thread's probe; null: the engine watches the interface itself. */
  readonly probe: string | null;
}

export interface RoutingView {
  /** In the syntax of ip(8). */
  readonly text: string;
  readonly present: boolean;
  /** Errno of the kernel's last refusal; 0: none. */
  readonly refusal: number;
}

export interface PriorityView {
  readonly configured: number;
  /** As advertised. */
  readonly effective: number;
  /** Set at run time by an operator. */
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
