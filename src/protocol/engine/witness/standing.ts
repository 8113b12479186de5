/** Whether a virtual router with a witness may be MASTER, as the rest of the engine sees it. */
import type { Duration, Instant } from '../../../net/time.ts';
import type { WitnessView } from '../witness-messages.ts';

export interface WitnessStanding extends Omit<WitnessView, 'until'> {
  /** By which the right is counted: not longer than that of the director or the lease that gave it. */
  readonly ttl: Duration;
  /** When the right ends unless it is renewed; LONG_AGO: there is none. */
  readonly until: Instant;
  /** It has agreed to another director, and serves until that one is heard. */
  readonly overlaps: boolean;
  /** Why there is none, for people. */
  readonly reason: string;
}
