/**
 * Counts what happens again and again, so that it is reported the 1st, 2nd, 4th, 8th time and so on. What
 * has not happened for five minutes is over: the next time is the first again.
 */
import { isPowerOfTwo } from '../../../net/power-of-two.ts';
import { elapsed, type Instant, seconds } from '../../../net/time.ts';

/** Longer than any advertisement interval. */
const OVER_AFTER = seconds(300);

interface Series {
  count: number;
  last: Instant;
}

export class Recurrence {
  readonly #series = new Map<string, Series>();

  /** Returns the totals to be reported, none if it is not their turn. */
  add(key: string, now: Instant, count = 1): number[] {
    const known = this.#series.get(key);
    const isOver = known === undefined || elapsed(known.last, now) > OVER_AFTER;
    const before = isOver ? 0 : known.count;
    this.#series.set(key, { count: before + count, last: now });
    return Array.from({ length: count }, (_, one) => before + one + 1).filter(isPowerOfTwo);
  }
}
