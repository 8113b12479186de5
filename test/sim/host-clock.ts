/**
 * CLOCK_BOOTTIME of one host, as the loop reads it. It never steps, but its oscillator is off and
 * adjtimex(2) slews it, by 500 parts per million at most: hosts differ in how long an interval is.
 */
import { type Instant, instant, NEVER } from '../../src/net/time.ts';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

const PARTS_PER_MILLION_MAX = 500;

export class HostClock {
  readonly #clock: Clock;
  readonly #origin: Instant;
  readonly #rate: number;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#origin = clock.now;
    this.#rate = 1 + random.integer(-PARTS_PER_MILLION_MAX, PARTS_PER_MILLION_MAX) / 1_000_000;
  }

  now(): Instant {
    const elapsed = this.#clock.now - this.#origin;
    return instant(this.#origin + Math.floor(elapsed * this.#rate));
  }

  /** The earliest simulated time at which this clock has reached the instant. */
  reaches(at: Instant): Instant {
    if (at === NEVER) return NEVER;
    const moment = this.#origin + Math.ceil((at - this.#origin) / this.#rate);
    return instant(moment);
  }
}

/** The longest simulated time that `duration` can take on a host's clock. */
export function onSlowestClock(duration: number): number {
  return Math.ceil(duration / (1 - PARTS_PER_MILLION_MAX / 1_000_000));
}
