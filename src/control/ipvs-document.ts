/** `GET /v1/ipvs`: the current state of IPVS in the kernel, beside what the configuration wants. */
import type { ConnectionTimeouts, Statistics } from '../net/ipvs.ts';

export interface IpvsDocument {
  /** False: the kernel has no IPVS; `troubles` has the details. */
  readonly available: boolean;
  readonly required: boolean;
  /** Current problems, as sentences. */
  readonly troubles: readonly string[];
  readonly version: string | null;
  /** Rows of the connection hash table. */
  readonly table_size: number | null;
  readonly timeouts:
    | { readonly [Name in keyof ConnectionTimeouts as TimeoutKey<Name>]: number }
    | null;
  readonly sync: SyncDocument | null;
  /** In the order of the file, followed by those of other programs. */
  readonly services: readonly ServiceDocument[];
  /** Results of the health checks, and their effect on the services. */
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
  /** Roles whose daemon should run now. */
  readonly roles: readonly ('master' | 'backup')[];
  /** Daemons that run, including those of other programs. */
  readonly daemons: readonly DaemonDocument[];
  /** True while the kernel's own TCP resets from the VIPs are suppressed. */
  readonly rst_guard: boolean;
  readonly connections: ConnectionsDocument;
}

/** The connection table, compared with those of other directors. */
export interface ConnectionsDocument {
  /** Connections that carry data. */
  readonly live: number;
  /** Of these, connections that came from another director. */
  readonly synced: number;
  /** True if the table has all connections of the MASTER, as far as known; true on the MASTER. */
  readonly caught_up: boolean;
  /** Connections sent again to a director that lacked them. */
  readonly resent: number;
  /** True if directors report the contents of their tables to each other. */
  readonly catch_up: boolean;
  /** Other directors heard recently. */
  readonly peers: readonly PeerTableDocument[];
  readonly moves: MovesDocument;
}

/** Moves of the connections to and from another director since the agent started. */
export interface MovesDocument {
  readonly hand_overs: number;
  /** Takeovers whose losses are known. */
  readonly take_overs: number;
  /** Total connections of former MASTERs that were missing five seconds after a takeover. */
  readonly lost: number;
  readonly last: MoveDocument | null;
}

export interface MoveDocument {
  readonly at: string;
  /** `hand-over`: away from this director; `take-over`: to it. */
  readonly move: 'hand-over' | 'take-over';
  /** Live connections of the former MASTER. */
  readonly live: number;
  /** The directors that could take over, or the former MASTER; only those that report their tables. */
  readonly peers: readonly {
    readonly name: string;
    /** Connections the new MASTER lacked at the move; null: unknown. */
    readonly missing_before: number | null;
    /** The same five seconds after a takeover; after a hand-over only the new MASTER knows. */
    readonly missing: number | null;
  }[];
}

interface PeerTableDocument {
  readonly name: string;
  readonly master: boolean;
  /** Time since it was last heard. */
  readonly age_ms: number;
  readonly live: number;
  /** Connections missing here if the peer is MASTER, or there if it is not; null: unknown. */
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
  /** Null: not in the file. */
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

/** A service of the file, whether or not the kernel has it. */
export interface ServiceHealthDocument {
  readonly service: string;
  /** Configured servers that are up or unchecked; drained ones count. */
  readonly healthy: number;
  /** Servers without a result yet. */
  readonly unknown: number;
  readonly total: number;
  /** How many healthy servers the instance requires; null: no requirement. */
  readonly minimum: number | null;
  /** Null: one server that takes new connections is enough. */
  readonly quorum: QuorumDocument | null;
  readonly fallback: { readonly server: string; readonly active: boolean } | null;
  /** All servers of the file, including those removed from the kernel's table while down. */
  readonly servers: readonly ServerHealthDocument[];
}

export interface QuorumDocument {
  readonly weight: number;
  readonly hysteresis: number;
  /** Sum of the weights of the servers that would take new connections. */
  readonly live: number;
  readonly reached: boolean;
}

export interface ServerDocument {
  readonly address: string;
  readonly port: number;
  readonly forwarding: string;
  readonly weight: number;
  /** Weight according to the file and the checks; null: the server should not be in the table. */
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
  /** Such as `10.0.0.11:80`. */
  readonly server: string;
  /** `unchecked`: has no check and counts as healthy. */
  readonly state: 'unchecked' | 'unknown' | 'up' | 'down';
  readonly configured_weight: number;
  /** Weight that the kernel should have now; null: the server should not be in its table. */
  readonly effective_weight: number | null;
  readonly drained: { readonly since: string; readonly by: string } | null;
  readonly check: CheckDocument | null;
  /** Null: the weight does not follow the load. */
  readonly weight_from: CheckDocument | null;
}

export interface CheckDocument {
  /** When the state last changed; null: no result yet. */
  readonly since: string | null;
  readonly result: string | null;
  readonly checked_at: string | null;
  readonly runs: number;
  readonly failures: number;
  /** Runs skipped because the previous one had not ended. */
  readonly overruns: number;
}

/** The answer to `POST /v1/ipvs/drain` and `/v1/ipvs/undrain`. */
export interface DrainDocument {
  readonly service: string;
  readonly server: string;
  /** `drained`: its connections have ended. */
  readonly outcome: 'drained' | 'draining' | 'in-service';
  readonly drained: { readonly since: string; readonly by: string } | null;
  /** Weight in the kernel; null: not in its table. */
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

interface SysctlDocument {
  readonly name: string;
  readonly wanted: string;
  readonly actual: string | null;
}

interface IpvsCountersDocument {
  /** Writes to the service table. */
  readonly writes: number;
  /** Changes by other programs that the agent reverted. */
  readonly service_repairs: number;
  readonly sync_repairs: number;
  /** Of parameters, and of timeouts. */
  readonly sysctl_repairs: number;
}
