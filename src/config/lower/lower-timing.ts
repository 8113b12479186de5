/** Durations of the file, checked against the ranges of the protocol and of the kernel. */
import { shortestMasterDownInterval } from '../../../fsm/vrrp/timing.ts';
import { type Duration, formatDuration, longest, milliseconds, seconds } from '../../net/time.ts';
import { parseDuration } from '../duration.ts';
import type { Findings, Path } from '../finding.ts';
import { INSTANCE_DEFAULTS } from '../schema/defaults.ts';
import type { Inherited } from './inherit.ts';

export interface DurationRange {
  readonly minimum: Duration;
  readonly maximum: Duration;
  /** Zero is also allowed, and disables the feature. */
  readonly zero: boolean;
}

/** 12 bits of centiseconds (RFC 9568 section 5.2.7); 0 is not an interval. */
const VERSION_3_INTERVAL = { minimum: milliseconds(10), maximum: milliseconds(40_950) };
/** 8 bits of seconds (RFC 3768 section 5.3.7). */
const VERSION_2_INTERVAL = { minimum: seconds(1), maximum: seconds(255) };

const SECOND = seconds(1);
const HOUR = seconds(3_600);

/** With a shorter lease the agent would lose the addresses when it gets no CPU for a moment. */
const SHORTEST_AUTO_LEASE = seconds(2);
/** The kernel takes up to 80 us to renew one address, four times in a lease: a tenth of a processor. */
const ADDRESSES_IN_A_SECOND_OF_LEASE = 500;
const LEASE: DurationRange = { minimum: SECOND, maximum: HOUR, zero: false };

/** Reports a duration that is invalid or out of range, and returns the minimum in its place. */
export function lowerDuration(
  text: string,
  range: DurationRange,
  path: Path,
  findings: Findings,
): Duration {
  const { minimum, maximum, zero } = range;
  const duration = readDuration(text, path, findings);
  if (duration === undefined) return minimum;
  if (zero && duration === 0) return duration;
  if (duration >= minimum && duration <= maximum) return duration;
  const orZero = zero && minimum > 0 ? '0s, or ' : '';
  const limits = `${limitText(minimum)} to ${limitText(maximum)}`;
  findings.error(path, 'range', `must be ${orZero}from ${limits}, not ${text}`);
  return minimum;
}

export function lowerInterval(
  { values, at }: Inherited,
  version: 2 | 3,
  findings: Findings,
): Duration {
  const text = values.advertisement_interval ?? INSTANCE_DEFAULTS.advertisement_interval;
  const path = at('advertisement_interval');
  const interval = readDuration(text, path, findings);
  if (interval === undefined) return SECOND;
  const { minimum, maximum } = version === 2 ? VERSION_2_INTERVAL : VERSION_3_INTERVAL;
  const step = version === 2 ? SECOND : milliseconds(10);
  if (interval >= minimum && interval <= maximum && interval % step === 0) return interval;
  const allowed =
    version === 2 ? 'whole seconds from 1s to 255s' : '10ms to 40.95s in steps of 10ms';
  findings.error(path, 'range', `version ${version} allows ${allowed}, not ${text}`);
  return SECOND;
}

/** Lifetime of the VIPs; undefined: unlimited. `addresses`: the number of those of all instances. */
export function lowerLease(
  { values, at }: Inherited,
  version: 2 | 3,
  interval: Duration,
  addresses: number,
  findings: Findings,
): Duration | undefined {
  const { lease = INSTANCE_DEFAULTS.lease } = values;
  if (lease === 'off') return undefined;
  const masterDown = shortestMasterDownInterval(version, interval);
  if (lease === 'auto') {
    const affordable = seconds(Math.ceil(addresses / ADDRESSES_IN_A_SECOND_OF_LEASE));
    return longest(longest(SHORTEST_AUTO_LEASE, affordable), roundedUp(masterDown));
  }
  const path = at('lease');
  const duration = lowerDuration(lease, LEASE, path, findings);
  if (duration % SECOND !== 0) {
    findings.error(path, 'range', `must be whole seconds, not ${lease}`);
  } else if (duration < masterDown) {
    findings.warn(
      path,
      `shorter than the Master_Down_Interval of a peer (${formatDuration(masterDown)}): when the ` +
        'agent hangs, it loses its addresses before a peer takes over',
    );
  }
  return duration;
}

function roundedUp(duration: Duration): Duration {
  return seconds(Math.ceil(duration / SECOND));
}

function limitText(limit: Duration): string {
  return limit > 0 && limit % HOUR === 0 ? `${limit / HOUR}h` : formatDuration(limit);
}

function readDuration(text: string, path: Path, findings: Findings): Duration | undefined {
  const duration = parseDuration(text);
  if (duration === undefined) {
    findings.error(path, 'range', `${text} is not a whole number of milliseconds`);
  }
  return duration;
}
