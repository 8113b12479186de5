/** Whether a virtual router with a witness may be MASTER, as the rest of the engine sees it. */
import type { Duration, Instant } from '../../../net/time.ts';
import type { WitnessView } from '../witness-messages.ts';
import type { AccordSnapshot } from './accord.ts';

export interface WitnessStanding extends Omit<WitnessView, 'until'> {
  readonly ttl: Duration;
  /** When the right ends unless it is renewed; LONG_AGO: there is none. */
  readonly until: Instant;
  /** It has agreed to another director, and serves until that one is heard. */
  readonly overlaps: boolean;
  /** Why there is none, for people. */
  readonly reason: string;
}

/** As one process hands it to the next: one for each instance with a witness. */
export type WitnessSnapshot = readonly {
  readonly instance: string;
  readonly accord: AccordSnapshot;
  /** When the right of the key ends; null: it is not held. */
  readonly key: Instant | null;
  readonly right: WitnessView['right'];
  readonly until: Instant;
}[];
