/**
 * How late the protocol loop wakes up, as a histogram in shared memory: the protocol thread adds to
 * it, the metrics read it. The bounds are those of `vrrp_timer_lateness_seconds`.
 */
import { at } from '../../net/assert.ts';

/** Upper bounds in microseconds. One more bucket, without a bound, follows. */
export const LATENESS_BOUNDS = [
  50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000,
] as const;

/** Number of values: the buckets, the sum in microseconds, the maximum. */
export const LATENESS_LENGTH = LATENESS_BOUNDS.length + 3;

const OVER = LATENESS_BOUNDS.length;
const SUM = OVER + 1;
const MAX = OVER + 2;

export class LatenessHistogram {
  readonly values: Float64Array;

  constructor(values: Float64Array) {
    this.values = values;
  }

  add(microseconds: number): void {
    let bucket = 0;
    while (bucket < OVER && microseconds > at(LATENESS_BOUNDS, bucket)) bucket++;
    this.values[bucket] = at(this.values, bucket) + 1;
    this.values[SUM] = at(this.values, SUM) + microseconds;
    if (microseconds > at(this.values, MAX)) this.values[MAX] = microseconds;
  }

  read(): { readonly buckets: readonly number[]; readonly sum: number; readonly max: number } {
    return {
      buckets: Array.from(this.values.subarray(0, OVER + 1)),
      sum: at(this.values, SUM),
      max: at(this.values, MAX),
    };
  }
}
