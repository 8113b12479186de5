/** The state of the witness as one process hands it to the next. */
import type { Duration, Instant } from '../../../net/time.ts';
import type { CanServe, InstanceStatement, Promised } from '../../../wire/peer-link/statement.ts';
import type { WitnessView } from '../witness-messages.ts';

/** The last statement of a director about a router. */
export interface Other {
  readonly claims: boolean;
  readonly isMaster: boolean;
  readonly resigns: boolean;
  readonly canServe: CanServe;
  readonly rank: Pick<InstanceStatement, 'priority' | 'source'>;
  /** When its promise to this director ends; LONG_AGO: it has made none since this one claims. */
  readonly promisedUntil: Instant;
  /** From when that promise counts: the datagram of this director that it echoes; absent in an older process. */
  readonly promisedAt?: Instant;
  /** How long that promise lasts: the shorter `ttl` of the two; absent in an older process. */
  readonly promisedFor?: Duration;
  /** What it calls the instance; absent in an older process. */
  readonly calls?: string;
}

export interface AccordSnapshot {
  readonly others: readonly (readonly [string, Other])[];
  readonly knownSince: readonly (readonly [string, Instant])[];
  readonly claimsSince: Instant | null;
  readonly promise: Promised | null;
}

/** One for each instance with a witness. */
export type WitnessSnapshot = readonly {
  readonly instance: string;
  readonly accord: AccordSnapshot;
  /** When the right of the key ends; null: it is not held. */
  readonly key: Instant | null;
  readonly right: WitnessView['right'];
  readonly until: Instant;
}[];
