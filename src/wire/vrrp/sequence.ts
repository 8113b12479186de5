/**
 * The sequence numbers of signed messages (draft-cassen-vrrp-auth-hmac-00): 64 bits of seconds since the
 * epoch (32), fraction of a second (16) and counter (16), compared as serial numbers (RFC 1982), so that
 * the wrap of the seconds in 2106 is a step like any other.
 */
import type { Duration } from '../../net/time.ts';

/** `time`: a message has to be of now; `monotonic`: only newer than the last one. */
export type AntiReplay = 'time' | 'monotonic';

const MICROSECONDS_PER_SECOND = 1_000_000;
const UNITS_PER_SECOND = 2 ** 32;

/** The number for this time of the wall clock, in microseconds since the epoch. */
export function sequenceAt(wall: number): bigint {
  const seconds = Math.floor(wall / MICROSECONDS_PER_SECOND);
  const rest = wall - seconds * MICROSECONDS_PER_SECOND;
  const fraction = Math.floor((rest * 0x10000) / MICROSECONDS_PER_SECOND);
  return BigInt.asUintN(64, (BigInt(seconds) << 32n) | BigInt(fraction * 0x10000));
}

/** RFC 1982 section 3.2; numbers that are half the circle apart are neither before nor after. */
export function isNewer(one: bigint, other: bigint): boolean {
  return BigInt.asIntN(64, one - other) > 0n;
}

/** How far the number is ahead of the wall clock; negative: behind it. */
export function aheadOf(wall: number, sequence: bigint): Duration {
  const units = Number(BigInt.asIntN(64, sequence - sequenceAt(wall)));
  return Math.round((units / UNITS_PER_SECOND) * MICROSECONDS_PER_SECOND) as Duration;
}

/** Whether the seconds of the number are within the window around those of the wall clock. */
export function isWithin(window: Duration, wall: number, sequence: bigint): boolean {
  const apart = BigInt.asIntN(32, (sequence >> 32n) - (sequenceAt(wall) >> 32n));
  return Math.abs(Number(apart)) * MICROSECONDS_PER_SECOND <= window;
}

/**
 * The number of the next message: that of the clock, or the last one + 1 where the clock has not passed
 * it. Where the clock was set back by more than the window, `time` starts again from the clock, as the
 * receivers would refuse what is far in their future.
 */
export function nextSequence(
  wall: number,
  last: bigint | undefined,
  antiReplay: AntiReplay,
  window: Duration,
): bigint {
  const present = sequenceAt(wall);
  if (last === undefined || isNewer(present, last)) return present;
  if (antiReplay === 'time' && aheadOf(wall, last) > window) return present;
  return BigInt.asUintN(64, last + 1n);
}
