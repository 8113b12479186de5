/**
 * Keeps a busy segment from waking the loop for each packet. Above a certain rate, the packets after a
 * turn collect for half a millisecond; below it every packet wakes the loop immediately. Deadlines are
 * not affected: received packets wait, due work never does.
 */
import { after, type Duration, type Instant, NEVER } from '../../net/time.ts';

/** The rate is measured over this time. */
const WINDOW = 100_000 as Duration;

/** Packets in one window from which moderation applies: 2,000 a second. */
const BUSY = 200;

/** How long packets collect. */
const COLLECT = 500 as Duration;

export class Moderation {
  #windowEnd: Instant = 0 as Instant;
  #count = 0;
  #busy = false;
  #until: Instant = NEVER;

  /** When to read packets again; NEVER while each packet wakes the loop. */
  get until(): Instant {
    return this.#until;
  }

  /** Called after each turn with the number of packets it received. */
  turned(received: number, now: Instant): void {
    if (now >= this.#windowEnd) {
      this.#busy = this.#count >= BUSY;
      this.#count = 0;
      this.#windowEnd = after(now, WINDOW);
    }
    this.#count += received;
    if (this.#count >= BUSY) this.#busy = true;
    if (received > 0) this.#until = this.#busy ? after(now, COLLECT) : NEVER;
    else if (now >= this.#until) this.#until = NEVER;
  }
}
