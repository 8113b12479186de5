/** What the table needs to know of one virtual router besides its state. */
import type { Duration } from '../../src/net/time.ts';

export interface VrrpContext {
  readonly version: 2 | 3;
  /** Effective priority, 1..254; 255 for the address owner. */
  readonly priority: number;
  readonly preempt: boolean;
  /** Zero: preempt as soon as the RFC allows. */
  readonly preemptDelay: Duration;
  /** Own Advertisement_Interval. */
  readonly advertisementInterval: Duration;
  /** Active_Adver_Interval: the interval of the MASTER that was last heard (RFC 9568 section 6.1). */
  readonly masterInterval: Duration;
  /** The preempt delay is running. */
  readonly holding: boolean;
  /** Has handed over: preempts nobody until it is released, or was MASTER again. */
  readonly heldBack: boolean;
  /** Why it is letting go, while it is. */
  readonly leaving: Leaving;
}

/**
 * `stop`: lets go in the end in any case, and is gone. `hand-over`: goes on as MASTER when nobody
 * takes over. `insisting`: lets go all the same.
 */
export type Leaving = 'stop' | 'hand-over' | 'insisting';
