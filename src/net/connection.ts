/** The kernel's table of balanced connections, and what two directors tell each other of it. */
import type { IpAddress } from './address.ts';

export interface Connection {
  /** As the kernel writes it: `TCP`, `UDP`, `SCTP`. */
  readonly protocol: string;
  readonly client: ConnectionEnd;
  readonly service: ConnectionEnd;
  readonly server: ConnectionEnd;
  /** As the kernel writes it, like `ESTABLISHED`. */
  readonly state: string;
  /** It came from another director. */
  readonly isSynced: boolean;
  /** Until it leaves the table when nothing happens. */
  readonly seconds: number;
}

export interface ConnectionEnd {
  readonly address: IpAddress;
  readonly port: number;
}

/**
 * What a table holds, in a few bytes: each connection belongs to one of the buckets, on every director
 * to the same one, so two tables differ where their buckets do.
 */
export interface TableSummary {
  /** Connections that carry data: those that somebody would miss. */
  readonly live: number;
  /** Of these, those that came from another director. */
  readonly synced: number;
  /** Live connections in each bucket; more than 65535 are counted as that many. */
  readonly buckets: Uint16Array;
}

export const BUCKETS = 512;

export function emptySummary(): TableSummary {
  return { live: 0, synced: 0, buckets: new Uint16Array(BUCKETS) };
}

/**
 * Sends new connections of a client to the server that the client was with before (persistence). Its
 * state is `ASSURED` once a connection of TCP was established, or an answer was seen; else `NONE`.
 */
export function isTemplate({ client }: Pick<Connection, 'client'>): boolean {
  return client.port === 0;
}

const LIVE: ReadonlySet<string> = new Set(['ESTABLISHED', 'UDP', 'ASSURED']);

/**
 * A connection that has begun and not ended, or a client's server; the rest is not worth being kept.
 * Answers of UDP do not come by unless they are translated, and a mark (`IP`) may stand for UDP.
 */
export function isLive({ protocol, state }: Pick<Connection, 'protocol' | 'state'>): boolean {
  return LIVE.has(state) || (state === 'NONE' && (protocol === 'UDP' || protocol === 'IP'));
}
