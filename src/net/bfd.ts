/** Values of BFD (RFC 5880), and the port numbers of its two kinds of sessions. */
import type { IpAddress } from './address.ts';
import type { Duration } from './time.ts';

/** By number on the wire (RFC 5880 section 4.1). */
export const BFD_STATES = ['AdminDown', 'Down', 'Init', 'Up'] as const;

export type BfdState = (typeof BFD_STATES)[number];

/** By number on the wire (RFC 5880 section 4.1); the numbers above are reserved. */
export const BFD_DIAGNOSTICS = [
  'none',
  'detection-time-expired',
  'echo-failed',
  'neighbour-signaled-down',
  'forwarding-plane-reset',
  'path-down',
  'concatenated-path-down',
  'administratively-down',
  'reverse-concatenated-path-down',
] as const;

export type BfdDiagnostic = (typeof BFD_DIAGNOSTICS)[number] | 'reserved';

/** RFC 5881 section 4, RFC 5883 section 5. */
export const BFD_PORT = { single: 3784, multi: 4784 } as const;

/** `single`: the neighbour is on a link of this host. `multi`: routers may be between. */
export type BfdHops = keyof typeof BFD_PORT;

/** The TTL that leaves, and that arrives where no router is between (RFC 5881 section 5). */
export const BFD_TTL = 255;

/** Source ports of control packets (RFC 5881 section 4). */
export const BFD_SOURCE_PORTS = { first: 49_152, last: 65_535 } as const;

export interface BfdSettings {
  readonly neighbour: IpAddress;
  /** Undefined: the kernel chooses it by the route. */
  readonly source: IpAddress | undefined;
  /** Undefined: any link. */
  readonly link: string | undefined;
  readonly hops: BfdHops;
  /** Says nothing before the neighbour does. */
  readonly passive: boolean;
  /** The shortest interval at which this host sends. */
  readonly interval: Duration;
  /** The shortest interval at which it is able to receive. */
  readonly receiveInterval: Duration;
  /** The neighbour declares this host down after as many packets that are missing. */
  readonly multiplier: number;
  /** Packets with a lower TTL are refused. */
  readonly minimumTtl: number;
}

const NAME = '["bfd",';

/** Equal for equal sessions: their timing may change while they run. Begins like no name of a probe. */
export function bfdSessionName({ neighbour, source, link, hops }: BfdSettings): string {
  const parts = [neighbour, source ?? null, link ?? null, hops];
  return `${NAME}${JSON.stringify(parts).slice(1)}`;
}

export function isBfdSessionName(name: string): boolean {
  return name.startsWith(NAME);
}
