/** What the engine exchanges with its edges and its observers about BFD. JSON-serialisable. */
import type { IpAddress } from '../../net/address.ts';
import type { BfdDiagnostic, BfdHops, BfdState } from '../../net/bfd.ts';
import type { Duration, Instant } from '../../net/time.ts';
import type { BfdControl, BfdDecodeError, BfdPacketError } from '../../wire/bfd/control.ts';

/**
 * Why a packet of a neighbour was refused: one of the checks of the packet itself, or `ttl` (RFC 5881
 * section 5), `source` and `link` (from another address or link than configured), `your-discriminator`
 * (meant for another session, or for none while this one is Init or Up). `demand`: the packet counts, and
 * only its request to stop the periodic packets is refused.
 */
export type BfdRefusal =
  | BfdPacketError
  | 'ttl'
  | 'source'
  | 'link'
  | 'your-discriminator'
  | 'demand';

export type BfdInput =
  /** The socket of the session is open. `random`: 32 bits. `port`: its source port. */
  | {
      readonly kind: 'bfd.opened';
      readonly session: string;
      readonly random: number;
      readonly port: number;
    }
  /** The name of the errno as in errno(3). */
  | { readonly kind: 'bfd.failed'; readonly session: string; readonly errno: string }
  /** A packet for the session could not be sent. */
  | { readonly kind: 'bfd.unsent'; readonly session: string; readonly errno: string }
  | ({ readonly kind: 'bfd.heard' } & BfdArrival);

/** Where a datagram on one of the two ports came from. */
export interface BfdOrigin {
  readonly hops: BfdHops;
  readonly source: IpAddress;
  /** The address that it was sent to; undefined: unknown. */
  readonly destination: IpAddress | undefined;
  /** The link on which it arrived; zero: unknown. */
  readonly index: number;
  readonly ttl: number;
}

export interface BfdArrival extends BfdOrigin {
  /** Or why it is none. */
  readonly packet: BfdControl | BfdDecodeError;
}

export interface BfdSocketRequest {
  readonly session: string;
  readonly neighbour: IpAddress;
  readonly source: IpAddress | undefined;
  /** Zero: any link. */
  readonly index: number;
  readonly hops: BfdHops;
  /** Packets with a lower TTL are refused. */
  readonly minimumTtl: number;
  /** The source port to use again; undefined: any. */
  readonly port: number | undefined;
}

export interface OutgoingBfd {
  readonly session: string;
  readonly packet: Uint8Array;
}

export type BfdOutput =
  /** Open the socket of the session; answered by `bfd.opened` or `bfd.failed`. */
  | ({ readonly kind: 'bfd.open' } & BfdSocketRequest)
  | { readonly kind: 'bfd.close'; readonly session: string }
  /** Failures are answered by `bfd.unsent`. */
  | { readonly kind: 'bfd.send'; readonly datagrams: readonly OutgoingBfd[] };

export type BfdReport =
  /** The whole list has changed; no event. */
  | { readonly kind: 'bfd'; readonly sessions: readonly BfdView[] }
  /** Once for each neighbour and reason in ten minutes, and again after the session was up. */
  | {
      readonly kind: 'bfd-refused';
      readonly neighbour: IpAddress;
      readonly hops: BfdHops;
      readonly reason: BfdRefusal;
      /** The value that was refused, and what is required; null where there is none. */
      readonly found: string | null;
      readonly expected: string | null;
    }
  /** The socket cannot be opened; reported once until it can (`errno` null). */
  | {
      readonly kind: 'bfd-socket-failed';
      readonly neighbour: IpAddress;
      readonly hops: BfdHops;
      readonly errno: string | null;
    };

export interface BfdView {
  /** As `probe` of the tracked objects that use it. */
  readonly session: string;
  readonly neighbour: IpAddress;
  readonly source: IpAddress | null;
  readonly link: string | null;
  readonly hops: BfdHops;
  readonly state: BfdState;
  readonly since: Instant;
  readonly remoteState: BfdState;
  /** Why each side left Up last. */
  readonly diagnostic: BfdDiagnostic;
  readonly remoteDiagnostic: BfdDiagnostic;
  readonly discriminator: number;
  /** Zero: unknown. */
  readonly remoteDiscriminator: number;
  /** What this host sends at now; zero: it sends nothing. */
  readonly transmitInterval: Duration;
  /** The silence after which the neighbour counts as down; null: not heard yet. */
  readonly detectionTime: Duration | null;
  readonly sent: number;
  readonly received: number;
  readonly refused: number;
  /** How often the session has left Up. */
  readonly downs: number;
  /** Errno of the last attempt to send or to open the socket; null: it succeeded. */
  readonly errno: string | null;
  /** For people; null: no result yet. */
  readonly result: string | null;
}

export interface BfdSnapshot {
  readonly session: string;
  readonly port: number;
  readonly random: number;
  readonly state: BfdState;
  readonly since: Instant;
  readonly diagnostic: BfdDiagnostic;
  readonly discriminator: number;
  readonly remote: BfdRemote;
  readonly desiredMinTx: Duration;
  readonly requiredMinRx: Duration;
  readonly verdict: 'up' | 'down' | 'lost' | null;
  readonly result: string | null;
  readonly counts: BfdCounts;
}

/** What the neighbour has said last (RFC 5880 section 6.8.1). */
export interface BfdRemote {
  readonly state: BfdState;
  readonly diagnostic: BfdDiagnostic;
  readonly discriminator: number;
  readonly minRx: Duration;
  readonly desiredMinTx: Duration;
  /** Zero: not heard yet. */
  readonly multiplier: number;
}

export interface BfdCounts {
  readonly sent: number;
  readonly received: number;
  readonly refused: number;
  readonly downs: number;
}
