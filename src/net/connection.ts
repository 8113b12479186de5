/** The kernel's table of balanced connections, and the summary of it that directors exchange. */
import type { IpAddress } from './address.ts';

export interface Connection {
  /** As the kernel writes it: `TCP`, `UDP`, `SCTP`. */
  readonly protocol: string;
  readonly client: ConnectionEnd;
  readonly service: ConnectionEnd;
  readonly server: ConnectionEnd;
  /** As the kernel writes it, like `ESTABLISHED`. */
  readonly state: string;
  /** Received from another director. */
  readonly isSynced: boolean;
  /** Time until an idle connection leaves the table. */
  readonly seconds: number;
}

export interface ConnectionEnd {
  readonly address: IpAddress;
  readonly port: number;
}

/**
 * A table in a few bytes. Every director counts a connection in the same bucket, so two tables differ
 * where their buckets do.
 */
export interface TableSummary {
  /** Live connections, as `isLive` says: those that a client would miss. */
  readonly live: number;
  /** The live connections that were received from another director. */
  readonly synced: number;
  /** Live connections in each bucket; more than 65535 are counted as that many. */
  readonly buckets: Uint16Array;
  /**
   * The table was too large to be listed: the numbers of connections that the kernel has for each server,
   * without persistence templates. `synced` is not known then.
   */
  readonly isCounted?: boolean;
}

/** A table as it was read. */
export interface TableReading {
  readonly all: TableSummary;
  /** Without flows of UDP that the other directors need not have. */
  readonly shared: TableSummary;
}

export const BUCKETS = 512;

export function emptySummary(): TableSummary {
  return { live: 0, synced: 0, buckets: new Uint16Array(BUCKETS) };
}

/**
 * True for a persistence template, which sends new connections of a client to the same server as before.
 * Its state is `ASSURED` after an established TCP connection or an answer, and `NONE` before that.
 */
export function isTemplate({ client }: Pick<Connection, 'client'>): boolean {
  return client.port === 0;
}

/** True for a connection of UDP: whatever a client has sent from one port. */
export function isFlow({ protocol, state }: Pick<Connection, 'protocol' | 'state'>): boolean {
  return protocol === 'UDP' && state === 'UDP';
}

const LIVE: ReadonlySet<string> = new Set(['ESTABLISHED', 'UDP', 'ASSURED']);

/**
 * True for an established connection and for a template in use. UDP counts without an answer, because
 * only NAT lets a director see answers; a template of a mark (`IP`) may stand for UDP.
 */
export function isLive({ protocol, state }: Pick<Connection, 'protocol' | 'state'>): boolean {
  return LIVE.has(state) || (state === 'NONE' && (protocol === 'UDP' || protocol === 'IP'));
}

/** FNV-1a (32 bits): the same on every director. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash;
}
