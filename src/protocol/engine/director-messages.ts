/** What the engine exchanges with its edges and its observers about the peer link. JSON-serialisable. */
import type { IpAddress } from '../../net/address.ts';
import type { Duration, Instant } from '../../net/time.ts';
import type { PeerDatagram } from '../../wire/peer-link/datagram.ts';
import type { DirectorState, InstanceStatement } from '../../wire/peer-link/statement.ts';

/**
 * Why a datagram was not believed. `source`: its sender is not configured. `key`: no key has this number.
 * `authentication`: the HMAC is wrong. `replay`: heard before. `unproven`: from an
 * unknown process, which has yet to show that it lives now; also if there are too many to look at.
 */
export const PEER_REFUSALS = [
  'source',
  'length',
  'version',
  'key',
  'authentication',
  'malformed',
  'replay',
  'unproven',
] as const;

export type PeerRefusal = (typeof PEER_REFUSALS)[number];

export type DirectorInput =
  /** The socket is open. `boot`: a random number of this process, in hexadecimal. */
  | { readonly kind: 'peer-link.opened'; readonly boot: string; readonly version: string }
  /** The name of the errno as in errno(3). */
  | { readonly kind: 'peer-link.failed'; readonly errno: string }
  /** A datagram with a right HMAC from the address of this director. `wall`: the own wall clock then. */
  | {
      readonly kind: 'director.heard';
      readonly director: string;
      readonly datagram: PeerDatagram;
      readonly wall: number;
    }
  /**
   * A datagram was refused at the edge, for the first time in a second for this director and reason.
   * `director`: whose address it comes from, or who has signed it; null: unknown.
   */
  | {
      readonly kind: 'director.refused';
      readonly director: string | null;
      readonly source: IpAddress;
      readonly reason: PeerRefusal;
    }
  /** The summary of the connection table, in hexadecimal, for the other directors. */
  | { readonly kind: 'table.summary'; readonly summary: string };

export interface OutgoingPeerDatagram {
  readonly to: IpAddress;
  /** The edge sets `wall`. */
  readonly datagram: PeerDatagram;
}

export type DirectorOutput =
  /** Open the socket, or adapt the open one; answered by `peer-link.opened` or `peer-link.failed`. */
  | {
      readonly kind: 'peer-link.open';
      readonly source: IpAddress;
      readonly port: number;
      readonly directors: readonly { readonly name: string; readonly address: IpAddress }[];
    }
  | { readonly kind: 'peer-link.close' }
  | { readonly kind: 'director.send'; readonly datagrams: readonly OutgoingPeerDatagram[] }
  /** The summary of a director's connection table, in hexadecimal. */
  | { readonly kind: 'director.table'; readonly address: IpAddress; readonly summary: string };

export type DirectorReport =
  /** The whole list has changed; no event. */
  | { readonly kind: 'directors'; readonly directors: readonly DirectorView[] }
  /** `restarted`: another process than the one that was heard before. */
  | {
      readonly kind: 'peer-up';
      readonly peer: string;
      readonly address: IpAddress;
      readonly version: string;
      readonly restarted: boolean;
    }
  /** `silence`: since its last datagram. */
  | {
      readonly kind: 'peer-down';
      readonly peer: string;
      readonly address: IpAddress;
      readonly silence: Duration;
    }
  /** Once for each director and reason in ten minutes, and again after it has come up. */
  | {
      readonly kind: 'peer-refused';
      readonly peer: string | null;
      readonly address: IpAddress;
      readonly reason: PeerRefusal;
      /** The director is up: its own datagrams are believed. */
      readonly up: boolean;
    }
  /** Its clock differs by a second or more (`agrees: false`), or agrees again. */
  | {
      readonly kind: 'peer-clock';
      readonly peer: string;
      /** Positive: it is ahead of the own clock. */
      readonly offset: Duration;
      readonly before: Duration | null;
      readonly agrees: boolean;
    }
  /** It gives itself another name than the configuration does. `own`: the name of this director. */
  | {
      readonly kind: 'peer-name';
      readonly peer: string;
      readonly address: IpAddress;
      readonly name: string;
      readonly own: boolean;
    }
  /** Sections of the configuration that differ from those of the director; none: it is the same again. */
  | {
      readonly kind: 'peer-configuration';
      readonly peer: string;
      readonly differs: readonly string[];
    }
  /** The socket cannot be opened; reported once until it can (`errno` null). */
  | {
      readonly kind: 'peer-link-failed';
      readonly source: IpAddress;
      readonly errno: string | null;
    };

export type DirectorStatus = 'up' | 'down' | 'never';

export interface DirectorView {
  readonly name: string;
  readonly address: IpAddress;
  readonly status: DirectorStatus;
  /** Null: it was never up. */
  readonly since: Instant | null;
  /** The following are null or empty while nothing is known. */
  readonly rtt: Duration | null;
  readonly clockOffset: Duration | null;
  readonly version: string | null;
  readonly configuration: 'same' | 'differs' | 'unknown';
  readonly differs: readonly string[];
  readonly instances: readonly DirectorInstanceView[];
}

export interface DirectorInstanceView {
  readonly name: string;
  readonly state: DirectorState;
  readonly priority: number;
  readonly faults: readonly string[];
}

export interface DirectorsSnapshot {
  readonly boot: string;
  readonly sequence: number;
  readonly sessions: readonly SessionSnapshot[];
  /** By name, from when a promise to a director counts whose session has ended; absent: none. */
  readonly formerBounds?: readonly (readonly [string, Instant])[];
}

/** What a director has said of one of its instances, and when. */
export interface HeardStatement {
  readonly statement: InstanceStatement;
  readonly at: Instant;
}

export interface SessionSnapshot {
  readonly address: IpAddress;
  readonly status: DirectorStatus;
  readonly since: Instant | null;
  readonly boot: string;
  readonly sequence: number;
  /** Lowest own sequence that a new process must echo. */
  readonly challenge: number;
  readonly heardAt: Instant;
  /** Absent from a process that knew no witness. */
  readonly boundFrom?: Instant;
  readonly heartbeat: Duration;
  /** Without them a BACKUP that holds would follow the RFC until the director has said all again. */
  readonly statements: readonly HeardStatement[];
}
