/**
 * Time as integers. The engine counts microseconds on one clock that never steps, and that also counts
 * while the host is suspended (CLOCK_BOOTTIME), so a suspend looks like any other late wake-up.
 * 2^53 microseconds are 285 years: plain numbers are exact.
 */

declare const instantBrand: unique symbol;
declare const durationBrand: unique symbol;

/** A point on the engine's clock, in microseconds. */
export type Instant = number & { readonly [instantBrand]: true };

/** A length of time, in microseconds. */
export type Duration = number & { readonly [durationBrand]: true };

/** After every other instant: a timer with this deadline is not armed. */
export const NEVER = Number.MAX_SAFE_INTEGER as Instant;

/** Before every other instant. */
export const LONG_AGO = -Number.MAX_SAFE_INTEGER as Instant;

export const NO_TIME = 0 as Duration;

export function instant(microseconds: number): Instant {
  return microseconds as Instant;
}

export function microseconds(count: number): Duration {
  return Math.trunc(count) as Duration;
}

export function milliseconds(count: number): Duration {
  return Math.round(count * 1_000) as Duration;
}

export function seconds(count: number): Duration {
  return Math.round(count * 1_000_000) as Duration;
}

/** RFC 9568 section 5.2.7 counts the Max Advertise Interval in centiseconds. */
export function centiseconds(count: number): Duration {
  return (count * 10_000) as Duration;
}

export function after(start: Instant, delay: Duration): Instant {
  return (start + delay) as Instant;
}

export function elapsed(from: Instant, to: Instant): Duration {
  return (to - from) as Duration;
}

export function earliest(one: Instant, other: Instant): Instant {
  return one < other ? one : other;
}

export function latest(one: Instant, other: Instant): Instant {
  return one > other ? one : other;
}

export function shortest(one: Duration, other: Duration): Duration {
  return one < other ? one : other;
}

export function longest(one: Duration, other: Duration): Duration {
  return one > other ? one : other;
}

/** Multiplies a duration; rounds to the microsecond. */
export function times(duration: Duration, count: number): Duration {
  return Math.round(duration * count) as Duration;
}

/** Rounds to the millisecond, but never to zero. */
export function wholeMilliseconds(duration: Duration): Duration {
  return milliseconds(Math.max(1, Math.round(duration / 1_000)));
}

/** The shortest exact text with a unit: `10ms`, `36.093ms`, `1.5s`, `5m`. */
export function formatDuration(duration: Duration): string {
  if (duration === 0) return '0s';
  if (duration % 60_000_000 === 0) return `${duration / 60_000_000}m`;
  if (duration < 1_000_000) return `${duration / 1_000}ms`;
  return `${duration / 1_000_000}s`;
}
