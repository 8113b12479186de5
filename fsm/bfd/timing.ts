/** The intervals of a BFD session (RFC 5880 sections 6.8.2 to 6.8.4 and 6.8.7), in whole microseconds. */
import type { BfdState } from '../../src/net/bfd.ts';
import { type Duration, longest } from '../../src/net/time.ts';

/** Not less than this is offered while the session is not Up (RFC 5880 section 6.8.3). */
export const SLOW_INTERVAL = 1_000_000 as Duration;

/** bfd.DesiredMinTxInterval. */
export function desiredMinTx(state: BfdState, configured: Duration): Duration {
  return state === 'Up' ? configured : longest(configured, SLOW_INTERVAL);
}

/** What this host sends at; zero: the neighbour wants no periodic packets. */
export function transmitInterval(desired: Duration, remoteMinRx: Duration): Duration {
  return remoteMinRx === 0 ? remoteMinRx : longest(desired, remoteMinRx);
}

/**
 * The time to the next packet: 75 to 100 % of the interval, or 90 % with a multiplier of 1 (section
 * 6.8.7). `fraction`: random, from 0 up to 1. Rounds down.
 */
export function jittered(interval: Duration, multiplier: number, fraction: number): Duration {
  const most = multiplier === 1 ? 0.9 : 1;
  return Math.floor(interval * (LEAST_SHARE + (most - LEAST_SHARE) * fraction)) as Duration;
}

const LEAST_SHARE = 0.75;

/**
 * Packets of all sessions leave on a grid of this width, and so wake this host together. Two points of it at
 * least are within the share above, so that a random one can be taken. Rounds down.
 */
export function gridOf(interval: Duration, multiplier: number): Duration {
  const share = multiplier === 1 ? 0.05 : GRID_SHARE;
  return Math.max(1, Math.min(GRID_MOST, Math.floor(interval * share))) as Duration;
}

const GRID_SHARE = 0.2;
const GRID_MOST = 10_000 as Duration;

/** How long a received packet may wait for the next wake-up; `interval`: of the neighbour. Rounds down. */
export function patience(interval: Duration): Duration {
  return Math.min(GRID_MOST, Math.floor(interval * GRID_SHARE)) as Duration;
}

/** The silence after which the neighbour is down (section 6.8.4, asynchronous mode). */
export function detectionTime(
  remoteMultiplier: number,
  requiredMinRx: Duration,
  remoteDesiredMinTx: Duration,
): Duration {
  return (remoteMultiplier * longest(requiredMinRx, remoteDesiredMinTx)) as Duration;
}
