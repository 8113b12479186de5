/**
 * The documents of the control API, version 1: JSON with snake_case keys, times as ISO 8601 in UTC
 * with milliseconds. Programs outside this project read them: fields are added, never changed.
 */

import type { Family } from '../net/address.ts';
import type { BfdDiagnostic, BfdState } from '../net/bfd.ts';
import type { CounterName } from '../protocol/engine/counters.ts';
import type { StateName, TransitionCause } from '../protocol/engine/reports.ts';
import type { TrackSource } from '../protocol/engine/settings.ts';
import type { PathLossCause, PeerProblemCode } from '../protocol/engine/view.ts';
import type { IetfNotification } from './events/event-entry.ts';
import type { EventFacts } from './events/event-table.ts';
import type { ConnectionsDocument, IpvsDocument } from './ipvs-document.ts';
import type { OtherProgram } from './other-program-text.ts';
import type { InstanceWitnessDocument, WitnessDocument } from './witness-document.ts';

export type { EventFacts };

export const DEFAULT_SOCKET = '/run/vrrp-agent/control.sock';

/** `GET /v1/status`. */
export interface StatusDocument {
  readonly router: string;
  readonly version: string;
  readonly pid: number;
  readonly started_at: string;
  readonly instances: readonly InstanceDocument[];
  /** State of the whole router, with the names of RFC 8347. */
  readonly ietf_vrrp?: RouterStateLeaves;
  readonly sync_groups: readonly GroupDocument[];
  /** Packets that belong to no instance. */
  readonly counters: CountersDocument;
  /** How long the protocol thread has stalled, by cause; see the event `stall`. */
  readonly stall_seconds?: Readonly<Record<'host' | 'self' | 'paused' | 'unknown', number>>;
  readonly notifications?: NotificationsDocument;
  /** Absent: the configuration has nothing that needs it. */
  readonly checker?: CheckerDocument;
  readonly history?: HistoryDocument;
  /** Other programs that speak VRRP in the agent's network namespace; absent if there are none. */
  readonly other_programs?: readonly OtherProgramDocument[];
  /** The other directors; absent: the configuration has no `peer_link`. */
  readonly peers?: readonly DirectorDocument[];
  /** Absent: the configuration has no `witness`. */
  readonly witness?: WitnessDocument;
  /** BFD sessions, which tracked objects use; absent: there are none. */
  readonly bfd?: readonly BfdDocument[];
}

/** A session of BFD; the names of RFC 5880 section 6.8.1 where there is one. */
export interface BfdDocument {
  readonly neighbour: string;
  /** Null: the kernel chooses it. */
  readonly source: string | null;
  /** Null: any. */
  readonly link: string | null;
  readonly multihop: boolean;
  readonly state: BfdState;
  /** When it entered this state. */
  readonly since: string;
  readonly remote_state: BfdState;
  /** Why each side has changed its state last. */
  readonly diagnostic: BfdDiagnostic;
  readonly remote_diagnostic: BfdDiagnostic;
  readonly discriminator: number;
  /** Zero: unknown. */
  readonly remote_discriminator: number;
  /** Null: no periodic packets are sent now. */
  readonly transmit_interval_ms: number | null;
  /** The silence after which the neighbour is down; null: it was not heard yet. */
  readonly detection_time_ms: number | null;
  readonly packets_sent: number;
  readonly packets_received: number;
  readonly packets_refused: number;
  /** How often the session has left Up. */
  readonly downs: number;
  /** Errno of the last attempt to open the socket or to send; null: it succeeded. */
  readonly error: string | null;
}

/** `GET /v1/peers`: the directors of `peer_link`; without that key the list is empty. */
export interface PeersDocument {
  readonly directors: readonly DirectorDocument[];
}

export interface DirectorDocument {
  readonly name: string;
  readonly address: string;
  /** `never`: it has not been up since the agent started. */
  readonly state: 'up' | 'down' | 'never';
  /** When the state began; null: never. */
  readonly since: string | null;
  /** Null: unknown, like the following ones; the director is not up. */
  readonly rtt_ms: number | null;
  /** Positive: its clock is ahead. */
  readonly clock_offset_ms: number | null;
  readonly version: string | null;
  readonly configuration: 'same' | 'differs' | 'unknown';
  /** Paths of the sections that differ, like `instances.web.addresses`. */
  readonly differs: readonly string[];
  /** What it says about its instances. */
  readonly instances: readonly {
    readonly name: string;
    readonly state: StateName;
    readonly priority: number;
    readonly faults: readonly string[];
  }[];
}

export interface OtherProgramDocument extends OtherProgram {
  /** What it means and what to change. */
  readonly message: string;
}

/** The events on the disk. */
export interface HistoryDocument {
  /** `failed`: they cannot be written at present. */
  readonly state: 'written' | 'failed';
  /** Events that were not written since the agent started. */
  readonly lost: number;
}

/** The process that runs checks, and sends webhooks and mail. */
export interface CheckerDocument {
  /** `waiting`: it ended, and is started again after a pause. */
  readonly state: 'running' | 'starting' | 'waiting';
  readonly pid: number | null;
  /** The user that it runs as; null: it is not running. */
  readonly uid: number | null;
  /** Its effective capabilities(7), in hexadecimal. */
  readonly capabilities: string | null;
  /** When the state began. */
  readonly since: string;
  /** Starts after an end that was not planned. */
  readonly restarts: number;
  readonly last_end: { readonly at: string; readonly reason: string } | null;
}

export interface InstanceDocument {
  readonly name: string;
  readonly state: StateName;
  /** True for a MASTER that has sent priority 0 and serves until it hears its successor. */
  readonly releasing: boolean;
  readonly since: string;
  readonly faults: readonly string[];
  readonly interface: string;
  /** Null: the addresses use the MAC address of the interface. */
  /** The VRF of its interface. */
  readonly vrf: string | null;
  readonly virtual_mac: { readonly interface: string; readonly mac: string } | null;
  readonly family: Family;
  readonly vrid: number;
  readonly version: 2 | 3;
  readonly priority: PriorityDocument;
  readonly addresses: readonly string[];
  readonly master: MasterDocument | null;
  readonly maintenance: MaintenanceDocument | null;
  /** Set after a hand-over: does not preempt until released, or until the new MASTER fails. */
  readonly held_back: HeldBackDocument | null;
  /** Would preempt, but waits for its connection table to catch up (`preempt_when_synced`). */
  readonly awaiting_table: boolean;
  readonly last_transition: TransitionDocument | null;
  /** State and statistics, with the names of RFC 8347. */
  readonly ietf_vrrp?: InstanceStateLeaves;
  /** Routes and rules that move with the addresses; absent if none are configured. */
  readonly routes?: readonly RouteDocument[];
  /** VIPs that this host has from another program, there or elsewhere; absent if there are none. */
  readonly stray_addresses?: readonly StrayDocument[];
  /** Present for the instance that the IPVS connection table follows (`ipvs.sync`). */
  readonly connections?: ConnectionsDocument;
  /** Routers that cannot be peers as both are configured; absent: none. */
  readonly peer_problems?: readonly PeerProblemDocument[];
  /** No advertisement arrives, and this BACKUP does not take over; absent: not so. */
  readonly path_lost?: PathLossDocument;
  /** Absent: it has no witness. */
  readonly witness?: InstanceWitnessDocument;
  /** Authentication by HMAC; absent: there is none. */
  readonly authentication?: AuthenticationDocument;
  readonly counters: CountersDocument;
  /** Name of its sync group. */
  readonly group: string | null;
  readonly tracks: readonly TrackDocument[];
}

export interface AuthenticationDocument {
  readonly type: 'hmac';
  readonly mode: 'enforce' | 'permissive' | 'receive_only';
  /** Numbers of the keys that are accepted. */
  readonly keys: readonly number[];
  /** The one that signs. */
  readonly active_key: number;
  readonly anti_replay: 'time' | 'monotonic';
  readonly window_ms: number;
  /** Routers whose signed advertisements were right. */
  readonly senders: readonly {
    readonly address: string;
    /** Number of its key. */
    readonly key: number;
    /** How far its clock is ahead, rounded to tenths of a second. */
    readonly clock_ms: number;
  }[];
}

/** Why a BACKUP stays BACKUP although no advertisement arrives. */
export interface PathLossDocument {
  readonly cause: PathLossCause;
  readonly since: string;
  /** The evidence in words. */
  readonly reason: string;
}

/** `GET /v1/status`: a sync group. */
export interface GroupDocument {
  readonly name: string;
  readonly mode: 'all' | 'any';
  /** MASTER only when every member is; FAULT when any is. */
  readonly state: StateName;
  readonly since: string;
  readonly instances: readonly string[];
}

/** An object that an instance tracks, itself or through its sync group. */
export interface TrackDocument {
  readonly name: string;
  readonly kind: TrackKind;
  readonly scope: 'instance' | 'group';
  /** `unknown`: no result yet, or none for long; the effect of the last one stays. */
  readonly state: 'unknown' | 'up' | 'down';
  readonly since: string;
  /** The number in a tracked file. */
  readonly value: number | null;
  /** Null: the instance is in FAULT while the object is down. */
  readonly weight: number | null;
  /** True: the weight has the opposite sign, or FAULT is while the object is up. */
  readonly reverse: boolean;
  /** What the object currently adds to the priority. */
  readonly adjustment: number;
  /** Latest result; null: none yet. */
  readonly result: string | null;
  /** Time of that result. */
  readonly checked_at: string | null;
  readonly runs: number;
  readonly failures: number;
  /** Runs skipped because the previous one had not ended. */
  readonly overruns: number;
}

type TrackKind = TrackSource['kind'];

interface PriorityDocument {
  readonly configured: number;
  /** The priority that is advertised. */
  readonly effective: number;
  /** Set by an operator in place of the configured priority. */
  readonly override: number | null;
}

export interface MasterDocument {
  readonly address: string;
  readonly priority: number;
  readonly interval_ms: number;
}

/**
 * A router that is heard as MASTER of the same VRID: its advertisements are refused, it serves other
 * addresses, or it does not yield to this MASTER.
 */
export interface PeerProblemDocument {
  readonly peer: string;
  /** The receive check that fails, `vrid-shared`, `addresses-unserved` or `master-stays`. */
  readonly code: PeerProblemCode;
  readonly since: string;
  /** What it sends, and what is expected; null: there is nothing to compare. */
  readonly heard: string | null;
  readonly expected: string | null;
  /** A VRID that no router on the segment uses; null: not known, or of no use. */
  readonly free_vrid: number | null;
  /** What is wrong, and what to change on which side. */
  readonly message: string;
}

/** An instance that is out of service. */
export interface MaintenanceDocument {
  readonly since: string;
  /** When maintenance ends automatically; null: never. */
  readonly until: string | null;
  /** The user who requested it. */
  readonly by: string;
  readonly reason: string | null;
}

/** An instance that has handed over and does not preempt. */
export interface HeldBackDocument {
  readonly since: string;
  readonly by: string;
}

interface RouteDocument {
  /** As ip(8) writes it, beginning with `route` or `rule`. */
  readonly route: string;
  readonly present: boolean;
  /** Why the kernel refused it, as in errno(3); null: not refused. */
  readonly refused: string | null;
}

interface StrayDocument {
  /** With its prefix length. */
  readonly address: string;
  /** The interface that has it. */
  readonly interface: string;
  /** This host answers ARP or ND for it even when it is not MASTER. */
  readonly answers: boolean;
}

export interface TransitionDocument {
  readonly from: StateName;
  readonly to: StateName;
  readonly at: string;
  readonly event: string;
  readonly cause: TransitionCause;
  /** The cause as a sentence. */
  readonly reason: string;
}

export type CountersDocument = { readonly [Name in CounterName]: number };

/** Leaves of the YANG module `ietf-vrrp` (RFC 8347), under their own names. */
export interface InstanceStateLeaves {
  readonly state: 'initialize' | 'backup' | 'master';
  readonly 'is-owner': boolean;
  /** Absent while no MASTER is heard. */
  readonly 'last-adv-source'?: string;
  /** When the instance last left Initialize; absent before the first time. */
  readonly 'up-datetime'?: string;
  /** Centiseconds, rounded down. */
  readonly 'master-down-interval'?: number;
  /** Microseconds. */
  readonly 'skew-time'?: number;
  readonly 'last-event': string;
  readonly 'new-master-reason': 'not-master' | 'priority' | 'preempted' | 'no-response';
  readonly statistics: Statistics<
    | 'master-transitions'
    | 'advertisement-rcvd'
    | 'advertisement-sent'
    | 'interval-errors'
    | 'priority-zero-pkts-rcvd'
    | 'priority-zero-pkts-sent'
    | 'invalid-type-pkts-rcvd'
    | 'address-list-errors'
    | 'packet-length-errors'
  >;
}

export interface RouterStateLeaves {
  readonly 'virtual-routers': number;
  readonly interfaces: number;
  readonly statistics: Statistics<
    'checksum-errors' | 'version-errors' | 'vrid-errors' | 'ip-ttl-errors'
  >;
}

/** Counters since `discontinuity-datetime`. */
type Statistics<Name extends string> = { readonly 'discontinuity-datetime': string } & {
  readonly [Leaf in Name]: number;
};

/** `GET /v1/events`; with `follow=1`, one `EventDocument` per line instead. */
export interface EventsDocument {
  readonly events: readonly EventDocument[];
}

export type EventDocument = EventFacts & {
  /** Counts from 1: a gap means that the reader missed events. */
  readonly seq: number;
  readonly at: string;
  /** The facts as a sentence. */
  readonly message: string;
  /** The notification that RFC 8347 defines for this event, if any. */
  readonly notification?: IetfNotification;
};

/** Outcomes of notifications since the agent started. */
export type NotificationsDocument = {
  readonly [Channel in 'command' | 'fifo' | 'webhook' | 'mail']: {
    readonly [Outcome in 'done' | 'failed' | 'skipped' | 'lost']: number;
  };
};

/** Body of every error response, and last line of a stream that was cut off. */
export interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string };
  /** Present if the error is in the configuration file. */
  readonly findings?: readonly FindingDocument[];
}

/** An error or a warning at one place in a configuration file. */
export interface FindingDocument {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
}

/** `POST /v1/reload`: what changed, or would change with `{"dry_run": true}`. */
export interface ReloadDocument {
  readonly applied: boolean;
  readonly file: string;
  /** Instances that change, in the order of the new file; those that stop come last. */
  readonly instances: readonly InstanceReloadDocument[];
  /** How many instances are not affected. */
  readonly unchanged: number;
  /** Changes outside the instances. */
  readonly agent: readonly AgentReloadDocument[];
  readonly warnings: readonly FindingDocument[];
  /** What the new file needs and the host lacks, as sentences; absent if it lacks nothing. */
  readonly host_lacks?: readonly string[];
  /** Servers that leave the service table with connections, which end; absent if there are none. */
  readonly cuts?: readonly {
    /** Name of the service. */
    readonly service: string;
    /** As `10.0.0.11:80`. */
    readonly server: string;
    readonly connections: number;
  }[];
}

export interface InstanceReloadDocument {
  readonly name: string;
  /** Its previous name, if the new file renames it. */
  readonly former_name: string | null;
  /** `change`: in place, without interruption. `restart`: releases its addresses and starts again. */
  readonly action: 'start' | 'stop' | 'change' | 'restart';
  /** State when the plan was made; null for a new instance. */
  readonly state: StateName | null;
  /** True for a MASTER that has to resign. */
  readonly costs_mastership: boolean;
  readonly changes: readonly KeyChangeDocument[];
}

export interface KeyChangeDocument {
  /** Path of the key in the file, joined with dots. */
  readonly key: string;
  /** Null: the key is absent. */
  readonly from: unknown;
  readonly to: unknown;
}

interface AgentReloadDocument extends KeyChangeDocument {
  readonly effect: 'applied' | 'needs-restart';
}

/** Where the server reads its answers. */
export interface ControlSource {
  status(): StatusDocument;
  /** Events numbered above `sequence`, oldest first. */
  eventsAfter(sequence: number): readonly EventDocument[];
  /** Returns a function that ends the subscription. */
  subscribe(listener: (event: EventDocument) => void): () => void;
  /** The configuration in effect, secrets masked. */
  config(): unknown;
  /** Undefined: the configuration has no `ipvs`. */
  ipvs?(): IpvsDocument | undefined;
}
