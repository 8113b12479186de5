/** Regularity of a MASTER's advertisements, from their times. */
import { quantile } from './statistics.ts';

export interface Regularity {
  readonly adverts: number;
  /** Missing advertisements: a gap of two and a half intervals misses two. */
  readonly missed: number;
  /** |distance - interval| in milliseconds, one for each gap. */
  readonly errors: readonly number[];
  /** Difference of the mean distance from the interval, in percent. */
  readonly meanErrorPercent: number;
}

/** Times and interval in microseconds. */
export function regularityOf(times: readonly number[], interval: number): Regularity {
  const distances = times.slice(1).map((at, index) => at - (times[index] ?? at));
  const errors = distances.map((distance) => Math.abs(distance - interval) / 1_000);
  const missed = distances.reduce(
    (sum, distance) => sum + Math.max(0, Math.round(distance / interval) - 1),
    0,
  );
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const mean = distances.length === 0 ? interval : span / distances.length;
  const meanErrorPercent = Math.abs(mean / interval - 1) * 100;
  return { adverts: times.length, missed, errors, meanErrorPercent };
}

/** Several routers taken together. */
export function mergeRegularity(parts: readonly Regularity[]): Regularity {
  return {
    adverts: parts.reduce((sum, part) => sum + part.adverts, 0),
    missed: parts.reduce((sum, part) => sum + part.missed, 0),
    errors: parts.flatMap(({ errors }) => errors),
    meanErrorPercent:
      quantile(
        parts.map(({ meanErrorPercent }) => meanErrorPercent),
        1,
      ) ?? 0,
  };
}
