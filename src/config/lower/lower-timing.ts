/** Durations of the file, held against the ranges of the protocol. */
import { type Duration, formatDuration, milliseconds, seconds } from '../../net/time.ts';
import { parseDuration } from '../duration.ts';
import type { Findings, Path } from '../finding.ts';

export interface DurationRange {
  readonly minimum: Duration;
  readonly maximum: Duration;
  /** Zero is allowed as well and means "not at all". */
  readonly zero: boolean;
}

/** The field of version 3 has 12 bits of centiseconds (RFC 9568 section 5.2.7), 0 is no interval. */
const VERSION_3 = { minimum: milliseconds(10), maximum: milliseconds(40_950) };
/** The field of version 2 has 8 bits of seconds (RFC 3768 section 5.3.7). */
const VERSION_2 = { minimum: seconds(1), maximum: seconds(255) };

/** The duration, or `fallback` when none is given or it is of no use and has been reported. */
export function lowerDuration(
  text: string | undefined,
  fallback: Duration,
  range: DurationRange,
  path: Path,
  findings: Findings,
): Duration {
  if (text === undefined) return fallback;
  const duration = readDuration(text, path, findings);
  if (duration === undefined) return fallback;
  if (range.zero && duration === 0) return duration;
  if (duration >= range.minimum && duration <= range.maximum) return duration;
  const zero = range.zero && range.minimum > 0 ? '0s, or ' : '';
  const limits = `${limitText(range.minimum)} to ${limitText(range.maximum)}`;
  findings.error(path, 'range', `must be ${zero}from ${limits}, not ${text}`);
  return fallback;
}

export function lowerInterval(
  text: string | undefined,
  version: 2 | 3,
  path: Path,
  findings: Findings,
): Duration {
  const fallback = seconds(1);
  if (text === undefined) return fallback;
  const interval = readDuration(text, path, findings);
  if (interval === undefined) return fallback;
  const { minimum, maximum } = version === 2 ? VERSION_2 : VERSION_3;
  const step = version === 2 ? seconds(1) : milliseconds(10);
  if (interval >= minimum && interval <= maximum && interval % step === 0) return interval;
  const allowed =
    version === 2 ? 'whole seconds from 1s to 255s' : '10ms to 40.95s in steps of 10ms';
  findings.error(path, 'range', `version ${version} can advertise every ${allowed}, not ${text}`);
  return fallback;
}

function limitText(limit: Duration): string {
  const hour = seconds(3_600);
  return limit > 0 && limit % hour === 0 ? `${limit / hour}h` : formatDuration(limit);
}

function readDuration(text: string, path: Path, findings: Findings): Duration | undefined {
  const duration = parseDuration(text);
  if (duration === undefined) {
    findings.error(path, 'range', `${text} is not a whole number of milliseconds`);
  }
  return duration;
}
