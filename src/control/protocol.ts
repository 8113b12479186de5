/**
 * The documents of the control API, version 1: JSON with snake_case keys, times as ISO 8601 in UTC
 * with milliseconds. Programs outside this project read them: fields are added, never changed.
 */

import type { Family } from '../net/address.ts';
import type { CounterName } from '../protocol/engine/counters.ts';
import type { StateName, TransitionCause } from '../protocol/engine/reports.ts';
import type { TrackSource } from '../protocol/engine/settings.ts';
import type { IetfNotification } from './events/event-entry.ts';
import type { EventFacts } from './events/event-table.ts';
import type { ConnectionsDocument, IpvsDocument } from './ipvs-document.ts';

export type { EventFacts };

export const DEFAULT_SOCKET = '/run/vrrp-agent/control.sock';

/** `GET /v1/status`. */
export interface StatusDocument {
  readonly router: string;
  readonly version: string;
  readonly pid: number;
  readonly started_at: string;
  readonly instances: readonly InstanceDocument[];
  /** Of the router as a whole, as RFC 8347 names them. */
  readonly ietf_vrrp?: RouterStateLeaves;
  readonly sync_groups: readonly GroupDocument[];
  /** Of packets that belong to no instance. */
  readonly counters: CountersDocument;
  /** How long the protocol has stood still, by cause; see the event `stall`. */
  readonly stall_seconds?: Readonly<Record<'host' | 'self' | 'paused' | 'unknown', number>>;
  readonly notifications?: NotificationsDocument;
}

export interface InstanceDocument {
  readonly name: string;
  readonly state: StateName;
  /** MASTER that has sent priority 0 and serves until its successor is heard. */
  readonly releasing: boolean;
  readonly since: string;
  readonly faults: readonly string[];
  readonly interface: string;
  /** Null: the addresses have the MAC address of the interface. */
  readonly virtual_mac: { readonly interface: string; readonly mac: string } | null;
  readonly family: Family;
  readonly vrid: number;
  readonly version: 2 | 3;
  readonly priority: PriorityDocument;
  readonly addresses: readonly string[];
  readonly master: MasterDocument | null;
  readonly maintenance: MaintenanceDocument | null;
  /** Has handed over: does not preempt until it is released, or the new MASTER fails. */
  readonly held_back: HeldBackDocument | null;
  /** Would preempt, and waits for its table of connections to catch up (`preempt_when_synced`). */
  readonly awaiting_table: boolean;
  readonly last_transition: TransitionDocument | null;
  /** State and statistics as RFC 8347 names them. */
  readonly ietf_vrrp?: InstanceStateLeaves;
  /** Routes and rules that move with the addresses; left out where there are none. */
  readonly routes?: readonly RouteDocument[];
  /** Of the instance that the connection table of IPVS follows (`ipvs.sync`); else left out. */
  readonly connections?: ConnectionsDocument;
  readonly counters: CountersDocument;
  /** Sync group it is a member of. */
  readonly group: string | null;
  readonly tracks: readonly TrackDocument[];
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

/** One thing that an instance depends on, by itself or as a member of its sync group. */
export interface TrackDocument {
  readonly name: string;
  readonly kind: TrackKind;
  readonly scope: 'instance' | 'group';
  /** `unknown`: the first result is still to come. */
  readonly state: 'unknown' | 'up' | 'down';
  readonly since: string;
  /** The number in a tracked file. */
  readonly value: number | null;
  /** Null: FAULT while it is down. */
  readonly weight: number | null;
  /** What it adds to the priority now. */
  readonly adjustment: number;
  /** The newest result; null: there is none. */
  readonly result: string | null;
  /** When that was. */
  readonly checked_at: string | null;
  readonly runs: number;
  readonly failures: number;
  /** Runs left out because the one before had not ended. */
  readonly overruns: number;
}

export type TrackKind = TrackSource['kind'];

export interface PriorityDocument {
  readonly configured: number;
  /** What is advertised. */
  readonly effective: number;
  /** Set at run time in place of the configured one. */
  readonly override: number | null;
}

export interface MasterDocument {
  readonly address: string;
  readonly priority: number;
  readonly interval_ms: number;
}

/** An instance that is out of service. */
export interface MaintenanceDocument {
  readonly since: string;
  /** When it ends by itself; null: never. */
  readonly until: string | null;
  /** The user who asked for it. */
  readonly by: string;
  readonly reason: string | null;
}

/** An instance that has handed over and does not preempt. */
export interface HeldBackDocument {
  readonly since: string;
  readonly by: string;
}

export interface RouteDocument {
  /** As ip(8) writes it, beginning with `route` or `rule`. */
  readonly route: string;
  readonly present: boolean;
  /** Why it is not there, as in errno(3); null: nothing was refused. */
  readonly refused: string | null;
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
  /** Left out while no MASTER is heard. */
  readonly 'last-adv-source'?: string;
  /** When it last left Initialize; left out before the first time. */
  readonly 'up-datetime'?: string;
  /** Centiseconds, cut off. */
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

/** Since `discontinuity-datetime`, which is when the counting began. */
type Statistics<Name extends string> = { readonly 'discontinuity-datetime': string } & {
  readonly [Leaf in Name]: number;
};

/** `GET /v1/events`; with `follow=1` one `EventDocument` a line instead. */
export interface EventsDocument {
  readonly events: readonly EventDocument[];
}

export type EventDocument = EventFacts & {
  /** Counts from 1 without gaps: a gap is what the reader has missed. */
  readonly seq: number;
  readonly at: string;
  /** The facts as a sentence. */
  readonly message: string;
  /** Where RFC 8347 has one for it. */
  readonly notification?: IetfNotification;
};

/** What became of notifications since the start. */
export type NotificationsDocument = {
  readonly [Channel in 'command' | 'fifo' | 'webhook']: {
    readonly [Outcome in 'done' | 'failed' | 'skipped' | 'lost']: number;
  };
};

/** Body of every answer that is not a success, and last line of a stream that was cut. */
export interface ErrorDocument {
  readonly error: { readonly code: string; readonly message: string };
  /** What is wrong with the configuration file, where that is the error. */
  readonly findings?: readonly FindingDocument[];
}

/** One line of complaint about a configuration file. */
export interface FindingDocument {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly code: string;
  readonly message: string;
}

/** `POST /v1/reload`: what was done, or what would be with `{"dry_run": true}`. */
export interface ReloadDocument {
  readonly applied: boolean;
  readonly file: string;
  /** What differs, in the order of the new file; what stops comes last. */
  readonly instances: readonly InstanceReloadDocument[];
  /** How many instances go on as they are. */
  readonly unchanged: number;
  /** What is not about one instance. */
  readonly agent: readonly AgentReloadDocument[];
  readonly warnings: readonly FindingDocument[];
  /** What the host lacks for the new file, in sentences; left out where there is nothing. */
  readonly host_lacks?: readonly string[];
}

export interface InstanceReloadDocument {
  readonly name: string;
  /** Its name so far, where it continues under another. */
  readonly former_name: string | null;
  /** `change`: in place, nothing is interrupted. `restart`: releases its addresses and starts again. */
  readonly action: 'start' | 'stop' | 'change' | 'restart';
  /** When the plan was made; null where the instance is new. */
  readonly state: StateName | null;
  /** It is MASTER and gives that up. */
  readonly costs_mastership: boolean;
  readonly changes: readonly KeyChangeDocument[];
}

export interface KeyChangeDocument {
  /** As in the file, with dots. */
  readonly key: string;
  /** Null: the key was, or is, not there. */
  readonly from: unknown;
  readonly to: unknown;
}

export interface AgentReloadDocument extends KeyChangeDocument {
  readonly effect: 'applied' | 'needs-restart';
}

/** What the server answers from. */
export interface ControlSource {
  status(): StatusDocument;
  /** Events with a greater number, oldest first. */
  eventsAfter(sequence: number): readonly EventDocument[];
  /** Returns how to stop. */
  subscribe(listener: (event: EventDocument) => void): () => void;
  /** The configuration in effect, secrets masked. */
  config(): unknown;
  /** Undefined: the configuration leaves IPVS alone. */
  ipvs?(): IpvsDocument | undefined;
}
