/**
 * How late the protocol loop wakes up, as a histogram in shared memory: the protocol thread adds,
 * the metrics read. The bounds are those of `vrrp_timer_lateness_seconds`.
 */

/** Upper bounds in microseconds; the last bucket has none. */
export const LATENESS_BOUNDS = [
  50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 1_000_000,
] as const;

/** Buckets, then the sum in microseconds, then the maximum. */
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
    while (bucket < OVER && microseconds > (LATENESS_BOUNDS[bucket] ?? 0)) bucket++;
    this.values[bucket] = (this.values[bucket] ?? 0) + 1;
    this.values[SUM] = (this.values[SUM] ?? 0) + microseconds;
    if (microseconds > (this.values[MAX] ?? 0)) this.values[MAX] = microseconds;
  }

  read(): { readonly buckets: readonly number[]; readonly sum: number; readonly max: number } {
    return {
      buckets: Array.from(this.values.subarray(0, OVER + 1)),
      sum: this.values[SUM] ?? 0,
      max: this.values[MAX] ?? 0,
    };
  }
}
