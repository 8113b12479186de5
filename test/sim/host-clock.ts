/**
 * CLOCK_BOOTTIME of one host, as the loop reads it. It cannot be set, but its oscillator is off and
 * adjtimex(2) slews it, by 500 parts per million at most: hosts differ in how long an interval is. After a
 * suspension, or on a machine that was moved, it has leapt ahead.
 */
import { type Instant, instant, NEVER } from '../../src/net/time.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

const PARTS_PER_MILLION_MAX = 500;

export class HostClock {
  readonly #clock: Clock;
  readonly #origin: Instant;
  readonly #rate: number;
  #leapt = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#origin = clock.now;
    this.#rate = 1 + random.integer(-PARTS_PER_MILLION_MAX, PARTS_PER_MILLION_MAX) / 1_000_000;
  }

  now(): Instant {
    const elapsed = this.#clock.now - this.#origin;
    return instant(this.#origin + this.#leapt + Math.floor(elapsed * this.#rate));
  }

  leap(ahead: number): void {
    this.#leapt += ahead;
  }

  /** The earliest simulated time at which this clock has reached the instant. */
  reaches(at: Instant): Instant {
    if (at === NEVER) return NEVER;
    const moment = this.#origin + Math.ceil((at - this.#origin - this.#leapt) / this.#rate);
    return instant(moment);
  }
}

/** The longest simulated time that `duration` can take on a host's clock. */
export function onSlowestClock(duration: number): number {
  return Math.ceil(duration / (1 - PARTS_PER_MILLION_MAX / 1_000_000));
}
