/**
 * The formulas of RFC 9568 section 6.1 and RFC 3768 section 6.1 in whole microseconds. Whole
 * centiseconds would make every Skew_Time of a 10 ms router zero, and a pair would collide.
 * Fractions of a microsecond are discarded.
 */
import type { Duration } from '../../src/net/time.ts';

const SECOND = 1_000_000;

/**
 * Skew_Time. Version 3: (256 - priority) * Active_Adver_Interval / 256. Version 2:
 * (256 - priority) / 256 seconds, whatever the interval (RFC 3768 section 6.1).
 */
export function skewTime(version: 2 | 3, priority: number, interval: Duration): Duration {
  const base = version === 3 ? interval : SECOND;
  return Math.floor(((256 - priority) * base) / 256) as Duration;
}

/** Master_Down_Interval = 3 * interval + Skew_Time. */
export function masterDownInterval(version: 2 | 3, priority: number, interval: Duration): Duration {
  return (3 * interval + skewTime(version, priority, interval)) as Duration;
}

/**
 * The shortest silence after which a peer may have become MASTER: the Master_Down_Interval of the
 * highest possible priority.
 */
export function shortestMasterDownInterval(version: 2 | 3, interval: Duration): Duration {
  return masterDownInterval(version, 255, interval);
}

/**
 * How long a resigned MASTER waits for its successor: the longest Skew_Time (priority 1) and 100
 * ms.
 */
export function releaseWait(version: 2 | 3, interval: Duration): Duration {
  return (skewTime(version, 1, interval) + 100_000) as Duration;
}
