/**
 * The times of the witness. Every right to be MASTER is counted by its owner from a moment that lies before
 * the promise or the lease that it rests on, and ends before either does, on any two clocks that drift
 * apart by 500 ppm each. docs/adr/0009-a-witness.md has the argument.
 */
import {
  type Duration,
  longest,
  milliseconds,
  seconds,
  shortest,
  times,
} from '../../src/net/time.ts';

/** Two clocks, one 500 ppm fast and one 500 ppm slow, differ by 1/999.5: more than that, rounded up. */
const DRIFT = 900;

/** Between two steps of one clock: jiffies, and what a turn of the loop takes. */
const STEP = milliseconds(50);

/** A MASTER releases this long before its right ends. */
export const RELEASE_LEAD = milliseconds(50);

/** How long a MASTER may still serve after it has agreed to another one. */
export const OVERLAP = seconds(1);

/** A MASTER that was started again keeps what the kernel still has for this time, and renews nothing. */
export const GRACE = seconds(1);

/** After this time a key that was handed over and not taken is taken back. */
export const TAKE_BACK = milliseconds(400);

/** How long a director that has heard another one claim is not MASTER, on its own clock. */
export function promiseTime(ttl: Duration): Duration {
  return (ttl + drift(ttl) + STEP) as Duration;
}

/** How long the key is a right, from the moment at which it was asked for. */
export function keyTime(ttl: Duration): Duration {
  return (ttl - drift(ttl)) as Duration;
}

function drift(ttl: Duration): Duration {
  return Math.ceil(ttl / DRIFT) as Duration;
}

const LONG_TTL = seconds(4);
const KERNEL_LATENESS = milliseconds(1_050);
const USUAL_KERNEL_LATENESS = milliseconds(300);

/**
 * The lifetime of an address, in the whole seconds of rtnetlink, that ends within `remaining`. The kernel
 * looks for expired addresses up to 0.25 s late (ADDRCONF_TIMER_FUZZ in <net/addrconf.h>), and a second
 * late (ADDRCONF_TIMER_FUZZ_MAX) if an address of another program has expired in the second before. A `ttl`
 * of less than 4 s leaves no room for the latter.
 */
export function lifetimeWithin(ttl: Duration, remaining: Duration): number {
  const late = ttl < LONG_TTL ? USUAL_KERNEL_LATENESS : KERNEL_LATENESS;
  return Math.max(0, Math.floor((remaining - late) / 1_000_000));
}

/** Between two renewals of the lifetimes, none of which is shorter than a second. */
export function renewalPeriod(ttl: Duration): Duration {
  return shortest(times(ttl, 1 / 8), milliseconds(500));
}

/**
 * After this time without a new promise the key is asked for, before any other director may ask. While no
 * datagram is lost, the one that a promise echoes is up to two heartbeats old, and the `ttl` has eight or more.
 */
export function fadesAfter(ttl: Duration, heartbeat: Duration): Duration {
  return longest(shortest(times(ttl, 1 / 4), seconds(1)), times(heartbeat, 5 / 2));
}

/**
 * What a director claims and promises is repeated this often, whatever its own `ttl` and heartbeat are, and a
 * tenth later where it answers the heartbeats of others and one is missing: another director may have the
 * shortest `ttl`, and ask the witness after a quarter of that.
 */
export const REPEATED_EVERY = milliseconds(250);

/** How long before a promise ends the key is asked for by the one that has made it. */
export function asksBefore(ttl: Duration): Duration {
  return times(ttl, 1 / 2);
}

/** Between two renewals of the lease of the key. */
export function renewsEvery(ttl: Duration): Duration {
  return times(ttl, 1 / 4);
}

/** A request that has no answer after this time counts as failed. */
export function answersWithin(ttl: Duration): Duration {
  return times(ttl, 1 / 2);
}

/** Between a refusal and the next request, and at least between a request that has failed and the next one. */
export function retriesAfter(ttl: Duration): Duration {
  return times(ttl, 1 / 8);
}

/** The key is given back after all directors have agreed for this time. */
export function settlesAfter(ttl: Duration): Duration {
  return ttl;
}
