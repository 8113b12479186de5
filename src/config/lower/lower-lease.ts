/** `lease`: how long the kernel keeps the VIPs of an agent that does not renew them. */
import { shortestMasterDownInterval } from '../../../fsm/vrrp/timing.ts';
import { type Duration, formatDuration, longest, seconds } from '../../net/time.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';
import { type DurationRange, lowerDuration } from './lower-timing.ts';

const SECOND = seconds(1);

/** Below that a moment without the processor costs the addresses. */
const SHORTEST = seconds(2);

const RANGE: DurationRange = { minimum: SECOND, maximum: seconds(3_600), zero: false };

/** Undefined: without end. */
export function lowerLease(
  { values, at }: Inherited,
  version: 2 | 3,
  interval: Duration,
  findings: Findings,
): Duration | undefined {
  const { lease = 'auto' } = values;
  const silence = shortestMasterDownInterval(version, interval);
  if (lease === 'off') return undefined;
  if (lease === 'auto') return longest(SHORTEST, wholeSeconds(silence));
  const path = at('lease');
  const given = lowerDuration(lease, SHORTEST, RANGE, path, findings);
  if (given % SECOND !== 0) {
    findings.error(path, 'range', `the kernel counts whole seconds, not ${lease}`);
  } else if (given < silence) {
    const text =
      `shorter than the ${formatDuration(silence)} of silence after which a peer takes over: an ` +
      'agent that stands still loses its addresses before anybody else has them';
    findings.warn(path, text);
  }
  return given;
}

/** Up. */
function wholeSeconds(duration: Duration): Duration {
  return seconds(Math.ceil(duration / SECOND));
}
