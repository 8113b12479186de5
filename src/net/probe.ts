/** What the main thread finds out for instances that depend on it, and about real servers. */
import type { IpAddress } from './address.ts';
import type { Endpoint } from './endpoint.ts';
import type { Duration } from './time.ts';

export type ProbeSettings<Target extends ProbeTarget = ProbeTarget> = ProbeTiming & Target;

/** What an entry of `track` asks for. */
export type TrackProbe = ProbeSettings<TrackTarget>;
/** What `check` and `weight_from` ask for. */
export type ServerProbe = ProbeSettings<ServerTarget>;

export interface ProbeTiming {
  /** From the beginning of one run to that of the next. */
  readonly interval: Duration;
  /** A run that takes longer has failed. */
  readonly timeout: Duration;
  /** Successes in a row that bring it up, and failures that bring it down. */
  readonly rise: number;
  readonly fall: number;
}

export type ProbeTarget = TrackTarget | ServerTarget;

export interface ScriptTarget {
  readonly kind: 'script';
  readonly argv: readonly string[];
  /** Undefined: the user of the agent. */
  readonly user: string | undefined;
  /** The first line of what it writes is a number, of which a weight is made. */
  readonly weight?: WeightScale;
}

export type TrackTarget =
  | ScriptTarget
  | {
      readonly kind: 'file';
      readonly path: string;
      /** `number`: its text is a number to be added; the others: whether it is there. */
      readonly reads: 'present' | 'absent' | 'number';
    }
  | { readonly kind: 'process'; readonly process: string }
  | { readonly kind: 'process'; readonly pidFile: string }
  | {
      readonly kind: 'gateway';
      /** One that answers is enough. */
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
      /** Whether the certificate of an https server is checked. */
      readonly verify: boolean;
    }
  | TcpTarget;

export interface TcpTarget {
  readonly kind: 'tcp';
  readonly endpoint: Endpoint;
}

export type ServerTarget =
  | TcpTarget
  | ScriptTarget
  | HttpTarget
  | DnsTarget
  | UdpTarget
  | { readonly kind: 'ping'; readonly address: IpAddress };

export interface HttpTarget {
  readonly kind: 'http';
  readonly url: string;
  readonly method: string;
  readonly status: readonly StatusRange[];
  /** Value of the Host header; undefined: that of the URL. */
  readonly host: string | undefined;
  readonly verify: boolean;
  /** Name asked for in TLS (RFC 6066 section 3), and looked for in the certificate. */
  readonly serverName: string | undefined;
  readonly body: Expectation | undefined;
  /** The body is a number, of which a weight is made. */
  readonly weight?: WeightScale;
}

/** From what a server says of its load to the weight that it gets. */
export interface WeightScale {
  /** `weight`: the number is the weight. `load`: 0 is idle and 1 is all that it can do. */
  readonly reads: 'weight' | 'load';
  /** What the former value counts beside a new one, 0 or more and less than 1. */
  readonly smoothing: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** Both ends belong to it. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

export type Expectation =
  | { readonly kind: 'text'; readonly text: string }
  /** A regular expression of JavaScript with the flag `u`. */
  | { readonly kind: 'pattern'; readonly pattern: string };

export interface DnsTarget {
  readonly kind: 'dns';
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly type: DnsType;
  /** Undefined: any answer will do. */
  readonly answer: string | undefined;
}

export const DNS_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
export type DnsType = (typeof DNS_TYPES)[number];

export interface UdpTarget {
  readonly kind: 'udp';
  readonly endpoint: Endpoint;
  /** In hexadecimal. */
  readonly send: string;
  /** Undefined: that nobody refuses the datagram is enough. */
  readonly expect: Expectation | undefined;
}

export interface ProbeOutcome {
  readonly passed: boolean;
  /** The number in a file, or that a server tells. */
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
