/** Probes of tracked objects and of real servers. The checker process runs them. */
import type { IpAddress } from './address.ts';
import type { Endpoint } from './endpoint.ts';
import type { Duration } from './time.ts';

export type ProbeSettings<Target extends ProbeTarget = ProbeTarget> = ProbeTiming & Target;

/** The probe of an entry of `track`. */
export type TrackProbe = ProbeSettings<TrackTarget>;
/** The probe of `check` or `weight_from`. */
export type ServerProbe = ProbeSettings<ServerTarget>;

export interface ProbeTiming {
  /** From the start of one run to the start of the next. */
  readonly interval: Duration;
  /** A run that takes longer fails. */
  readonly timeout: Duration;
  /** `rise` successes in a row bring the target up, `fall` failures bring it down. */
  readonly rise: number;
  readonly fall: number;
  /** From the end of a failure to the next run, while the target still counts as up; absent: the interval. */
  readonly retryAfter?: Duration;
}

type ProbeTarget = TrackTarget | ServerTarget;

export interface ScriptTarget {
  readonly kind: 'script';
  readonly argv: readonly string[];
  /** Undefined: the user of the agent. */
  readonly user: string | undefined;
  /** The first line of the output is a number; the scale makes a weight of it. */
  readonly weight?: WeightScale;
}

export type TrackTarget =
  | ScriptTarget
  | {
      readonly kind: 'file';
      readonly path: string;
      /** `number`: the content is added to the priority. Otherwise the file must be present or absent. */
      readonly reads: 'present' | 'absent' | 'number';
    }
  | {
      readonly kind: 'process';
      readonly process: string;
      /** How many have to run; absent: one. */
      readonly quorum?: number;
      /** How many may run; absent: any number. */
      readonly quorumMax?: number;
    }
  | { readonly kind: 'process'; readonly pidFile: string }
  | {
      readonly kind: 'gateway';
      /** One answer is enough. */
      readonly addresses: readonly IpAddress[];
      readonly link: string;
      readonly via: 'arp' | 'nd' | 'icmp';
    }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly status: readonly number[];
      /** Value of the Host header; undefined: that of the URL. */
      readonly host: string | undefined;
      /** Check the certificate of an https server. */
      readonly verify: boolean;
    }
  | TcpTarget;

export interface TcpTarget extends FromAddress {
  readonly kind: 'tcp';
  readonly endpoint: Endpoint;
}

interface FromAddress {
  /** Absent: the kernel chooses. */
  readonly source?: IpAddress;
}

export type ServerTarget =
  | TcpTarget
  | ScriptTarget
  | HttpTarget
  | DnsTarget
  | UdpTarget
  | { readonly kind: 'ping'; readonly address: IpAddress };

export interface HttpTarget extends FromAddress {
  readonly kind: 'http';
  readonly url: string;
  readonly method: string;
  readonly status: readonly StatusRange[];
  /** Value of the Host header; undefined: that of the URL. */
  readonly host: string | undefined;
  readonly verify: boolean;
  /** The server name in TLS (RFC 6066 section 3), which the certificate must have. */
  readonly serverName: string | undefined;
  readonly body: Expectation | undefined;
  /** Digest of the whole body; absent: any. */
  readonly digest?: BodyDigest | undefined;
  /** The body is a number; the scale makes a weight of it. */
  readonly weight?: WeightScale;
}

/** Converts a reading from a server to its weight. */
export interface WeightScale {
  /** `weight`: the reading is the weight. `load`: 0 is idle, 1 is full load. */
  readonly reads: 'weight' | 'load';
  /** The share of the previous value when smoothing: at least 0, less than 1. */
  readonly smoothing: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** Includes both ends. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

export type Expectation =
  | { readonly kind: 'text'; readonly text: string }
  /** A regular expression of JavaScript with the flag `u`. */
  | { readonly kind: 'pattern'; readonly pattern: string };

export const DIGEST_ALGORITHMS = ['sha256', 'md5'] as const;

export interface BodyDigest {
  readonly algorithm: (typeof DIGEST_ALGORITHMS)[number];
  /** In lower case. */
  readonly hex: string;
}

export interface DnsTarget extends FromAddress {
  readonly kind: 'dns';
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly type: DnsType;
  /** Undefined: any answer passes. */
  readonly answer: string | undefined;
}

export const DNS_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
export type DnsType = (typeof DNS_TYPES)[number];

export interface UdpTarget {
  readonly kind: 'udp';
  readonly endpoint: Endpoint;
  /** The datagram in hexadecimal. */
  readonly send: string;
  /** Undefined: the probe passes unless the datagram is refused. */
  readonly expect: Expectation | undefined;
}

export interface ProbeOutcome {
  /** Undefined: this host could not look, which says nothing about the target. */
  readonly passed: boolean | undefined;
  /** The number read from a file or a server. */
  readonly value?: number;
  /** For people. */
  readonly detail: string;
}

const names = new WeakMap<ProbeSettings, string>();

/** Equal for equal settings. */
export function probeName(settings: ProbeSettings): string {
  const known = names.get(settings);
  if (known !== undefined) return known;
  const name = JSON.stringify(settings);
  names.set(settings, name);
  return name;
}
