/** Durations as text, a number with a unit: `10ms`, `1.5s`, `5m`, `2h`. */
import { type Duration, microseconds } from '../net/time.ts';

const UNITS = { ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 } as const;

/** Also the pattern in the JSON Schema, so it has no flags and no lookaround. */
export const DURATION_PATTERN = /^[0-9]{1,7}(\.[0-9]{1,6})?(ms|s|m|h)$/;

/** 285 years in whole milliseconds; above it (2^53) a number cannot hold exact microseconds. */
const LONGEST = 9_007_199_254_740_000;

/** Undefined if the text is not a duration, or not a whole number of milliseconds. */
export function parseDuration(text: string): Duration | undefined {
  const unit = DURATION_PATTERN.exec(text)?.[2];
  if (unit === undefined) return undefined;
  const size = UNITS[unit as keyof typeof UNITS];
  // Rounding undoes the binary fraction: 1.1 * 1_000_000 is not whole.
  const count = Math.round(Number(text.slice(0, -unit.length)) * size);
  return count % UNITS.ms === 0 ? microseconds(Math.min(count, LONGEST)) : undefined;
}
