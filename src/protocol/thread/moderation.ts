/**
 * Keeps a busy segment from waking the loop for each packet. Above a rate, the packets that follow a
 * turn are left to gather for half a millisecond; below it every packet wakes the loop at once.
 * Deadlines are not touched: only what is heard, never what is due, waits.
 */
import { after, type Duration, type Instant, NEVER } from '../../net/time.ts';

/** Time in which the rate is measured. */
const WINDOW = 100_000 as Duration;

/** Packets in one window from which on they are gathered: 2,000 a second. */
const BUSY = 200;

const GATHER = 500 as Duration;

export class Moderation {
  #windowEnd: Instant = 0 as Instant;
  #count = 0;
  #busy = false;
  #until: Instant = NEVER;

  /** When to look at the packets again; NEVER while each of them wakes the loop. */
  get until(): Instant {
    return this.#until;
  }

  /** After a turn that received so many packets. */
  turned(received: number, now: Instant): void {
    if (now >= this.#windowEnd) {
      this.#busy = this.#count >= BUSY;
      this.#count = 0;
      this.#windowEnd = after(now, WINDOW);
    }
    this.#count += received;
    if (this.#count >= BUSY) this.#busy = true;
    if (received > 0) this.#until = this.#busy ? after(now, GATHER) : NEVER;
    else if (now >= this.#until) this.#until = NEVER;
  }
}
