/** `GET /v1/ipvs`: the kernel's load balancer as it is now, beside what the file wants of it. */
import type { ConnectionTimeouts, Statistics } from '../net/ipvs.ts';

export interface IpvsDocument {
  /** False: the kernel has no IPVS; `troubles` says more. */
  readonly available: boolean;
  readonly required: boolean;
  /** What is wrong now, in sentences. */
  readonly troubles: readonly string[];
  readonly version: string | null;
  /** Rows of the hash table of connections. */
  readonly table_size: number | null;
  readonly timeouts:
    | { readonly [Name in keyof ConnectionTimeouts as TimeoutKey<Name>]: number }
    | null;
  readonly sync: SyncDocument | null;
  /** In the order of the file; those of others behind them. */
  readonly services: readonly ServiceDocument[];
  /** What the checks of the servers have found, and what follows from it. */
  readonly health: readonly ServiceHealthDocument[];
  readonly sysctls: readonly SysctlDocument[];
  readonly counters: IpvsCountersDocument;
}

type TimeoutKey<Name extends string> = Name extends 'tcpFin' ? 'tcp_fin' : Name;

export interface SyncDocument {
  readonly instance: string;
  readonly mode: 'follow' | 'both';
  readonly interface: string;
  readonly sync_id: number;
  /** Roles that should run now. */
  readonly roles: readonly ('master' | 'backup')[];
  /** Daemons that do run, the agent's or not. */
  readonly daemons: readonly DaemonDocument[];
  /** Whether the kernel's own resets from the VIPs are held back. */
  readonly rst_guard: boolean;
  readonly connections: ConnectionsDocument;
}

/** How the table of connections stands beside those of other directors. */
export interface ConnectionsDocument {
  /** Connections that carry data. */
  readonly live: number;
  /** Of these, those that came from another director. */
  readonly synced: number;
  /** Whether the table has what the MASTER's has, as far as is known; true on the MASTER. */
  readonly caught_up: boolean;
  /** Times that a connection was sent to another director that lacked it. */
  readonly resent: number;
  /** Whether directors report the contents of their tables to each other. */
  readonly catch_up: boolean;
  /** Other directors that were heard lately. */
  readonly peers: readonly PeerTableDocument[];
  readonly moves: MovesDocument;
}

/** Moves of the connections to another director and from it, since the agent has started. */
export interface MovesDocument {
  readonly hand_overs: number;
  /** Those of which it is known what they have cost. */
  readonly take_overs: number;
  /** Connections of a former MASTER that were not here five seconds after a take-over, in all. */
  readonly lost: number;
  readonly last: MoveDocument | null;
}

export interface MoveDocument {
  readonly at: string;
  /** `hand-over`: from here; `take-over`: to here. */
  readonly move: 'hand-over' | 'take-over';
  /** Live connections of the former MASTER. */
  readonly live: number;
  /** The directors that could take over, or the former MASTER; none: none has reported its table. */
  readonly peers: readonly {
    readonly name: string;
    /** What the new MASTER lacked at the moment of the move; null: not known. */
    readonly missing_before: number | null;
    /** The same five seconds after a take-over; of a hand-over only the new MASTER knows. */
    readonly missing: number | null;
  }[];
}

export interface PeerTableDocument {
  readonly name: string;
  readonly master: boolean;
  /** Since it was heard. */
  readonly age_ms: number;
  readonly live: number;
  /** What the one that is not MASTER lacks; null: not known yet, or both are the same. */
  readonly missing: number | null;
}

export interface DaemonDocument {
  readonly role: 'master' | 'backup';
  readonly interface: string;
  readonly sync_id: number;
  readonly group: string | null;
  readonly port: number | null;
  readonly ttl: number | null;
  readonly maxlen: number | null;
}

export interface ServiceDocument {
  /** Null: it is not in the file. */
  readonly name: string | null;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | null;
  readonly address: string | null;
  readonly port: number | null;
  readonly fwmark: number | null;
  readonly family: 'ipv4' | 'ipv6';
  readonly scheduler: string;
  /** As ipvsadm names them. */
  readonly flags: readonly string[];
  readonly one_packet: boolean;
  readonly persistence: {
    readonly seconds: number;
    readonly prefix_length: number;
    readonly engine: string | null;
  } | null;
  readonly statistics: StatisticsDocument;
  readonly servers: readonly ServerDocument[];
}

/** One service of the file, whether the kernel has it or not. */
export interface ServiceHealthDocument {
  readonly service: string;
  /** Configured servers that are up or unchecked; drained ones count. */
  readonly healthy: number;
  /** Without a first result. */
  readonly unknown: number;
  readonly total: number;
  /** How many the required instance needs; null: it does not matter. */
  readonly minimum: number | null;
  readonly fallback: { readonly server: string; readonly active: boolean } | null;
  /** All of the file, also those that are not in the kernel's table because they are down. */
  readonly servers: readonly ServerHealthDocument[];
}

export interface ServerDocument {
  readonly address: string;
  readonly port: number;
  readonly forwarding: string;
  readonly weight: number;
  /** What the file and the checks want; null: it should not be there. */
  readonly wanted_weight: number | null;
  readonly upper_threshold: number;
  readonly lower_threshold: number;
  readonly tunnel: {
    readonly type: string;
    readonly port: number;
    readonly checksum: string;
  } | null;
  readonly active: number;
  readonly inactive: number;
  readonly persistent: number;
  readonly statistics: StatisticsDocument;
}

export interface ServerHealthDocument {
  /** As `10.0.0.11:80`. */
  readonly server: string;
  /** `unchecked`: it has no check, and counts as healthy. */
  readonly state: 'unchecked' | 'unknown' | 'up' | 'down';
  readonly configured_weight: number;
  /** What the kernel should have now; null: the server should not be in its table. */
  readonly effective_weight: number | null;
  readonly drained: { readonly since: string; readonly by: string } | null;
  readonly check: CheckDocument | null;
  /** Where the weight follows the load. */
  readonly weight_from: CheckDocument | null;
}

export interface CheckDocument {
  /** Since when the state is what it is; null: there has been no result. */
  readonly since: string | null;
  readonly result: string | null;
  readonly checked_at: string | null;
  readonly runs: number;
  readonly failures: number;
  /** Runs left out because the one before had not ended. */
  readonly overruns: number;
}

/** The answer to `POST /v1/ipvs/drain` and `/v1/ipvs/undrain`. */
export interface DrainDocument {
  readonly service: string;
  readonly server: string;
  /** `drained`: its connections are gone. */
  readonly outcome: 'drained' | 'draining' | 'in-service';
  readonly drained: { readonly since: string; readonly by: string } | null;
  /** In the kernel; null: it is not in its table. */
  readonly weight: number | null;
  readonly active: number;
  readonly inactive: number;
  readonly waited_ms: number;
  readonly warnings: readonly string[];
}

type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : '';

export type StatisticsDocument = {
  readonly [Name in keyof Statistics as SnakeCase<Name>]: number;
};

export interface SysctlDocument {
  readonly name: string;
  readonly wanted: string;
  readonly actual: string | null;
}

export interface IpvsCountersDocument {
  /** Writes to the service table. */
  readonly writes: number;
  /** Changes by other programs that the agent reverted. */
  readonly service_repairs: number;
  readonly sync_repairs: number;
  readonly sysctl_repairs: number;
}
