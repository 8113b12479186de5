/** Durations as people write them: a number and its unit, `10ms`, `1.5s`, `5m`, `2h`. */
import { type Duration, microseconds } from '../net/time.ts';

const UNITS = { ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 } as const;

/** Also the pattern in the JSON Schema, so it has no flags and no lookaround. */
export const DURATION_PATTERN = /^[0-9]{1,7}(\.[0-9]{1,6})?(ms|s|m|h)$/;

/** 285 years, in whole milliseconds: beyond are no whole microseconds (2^53). */
const LONGEST = 9_007_199_254_740_000;

/** Undefined: no duration, or no whole number of milliseconds, the finest step of the file. */
export function parseDuration(text: string): Duration | undefined {
  const unit = DURATION_PATTERN.exec(text)?.[2];
  if (unit === undefined) return undefined;
  const size = UNITS[unit as keyof typeof UNITS];
  // Rounding undoes the binary fraction: 1.1 * 1_000_000 is not whole.
  const count = Math.round(Number(text.slice(0, -unit.length)) * size);
  return count % UNITS.ms === 0 ? microseconds(Math.min(count, LONGEST)) : undefined;
}
