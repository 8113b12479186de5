/**
 * How soon the agent repairs what another program keeps undoing: immediately the first time, then later
 * and later while it continues. Two programs that disagree must not keep each other busy.
 */
import { after, type Duration, type Instant, LONG_AGO } from './time.ts';

interface BackoffLimits {
  /** The pause after the first repair; each further one doubles it. */
  readonly least: Duration;
  readonly most: Duration;
  /** Undisturbed for this long after the pause, the next repair is a first one again. */
  readonly calm: Duration;
}

export class Backoff {
  readonly #limits: BackoffLimits;
  #repairs = 0;
  #until: Instant = LONG_AGO;

  constructor(limits: BackoffLimits) {
    this.#limits = limits;
  }

  /** No repair before this time. */
  get until(): Instant {
    return this.#until;
  }

  /** Notes a repair, and returns how many there were in a row. */
  repaired(now: Instant): number {
    const { least, most, calm } = this.#limits;
    if (now > after(this.#until, calm)) this.#repairs = 0;
    const pause = Math.min(least * 2 ** this.#repairs, most) as Duration;
    this.#until = after(now, pause);
    this.#repairs++;
    return this.#repairs;
  }
}
