/** How long a link has to be up, or down, before that is believed. */
import { type Duration, formatDuration, NO_TIME, seconds } from '../../net/time.ts';
import type { InstanceSettings, LinkDelaySettings } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import { LINK_DELAY_DEFAULTS } from '../schema/defaults.ts';
import type { ConfigFile } from '../schema/schema.ts';
import { type DurationRange, lowerDuration } from './lower-timing.ts';

const RANGE: DurationRange = { minimum: NO_TIME, maximum: seconds(255), zero: true };

/** Advertisements that may be missing before a peer takes over. */
const INTERVALS = 2;

export function lowerLinkDelays(
  file: ConfigFile['link_delays'],
  instances: readonly InstanceSettings[],
  findings: Findings,
): readonly LinkDelaySettings[] {
  const delays = new Map<string, LinkDelaySettings>();
  for (const [index, { interface: name, up, down }] of (file ?? []).entries()) {
    const path = ['link_delays', index];
    if (delays.has(name)) {
      findings.error([...path, 'interface'], 'conflict', `${name} already has an entry`);
    }
    const delay: LinkDelaySettings = {
      interface: name,
      up: lowerDuration(up ?? LINK_DELAY_DEFAULTS.up, RANGE, [...path, 'up'], findings),
      down: lowerDuration(down ?? LINK_DELAY_DEFAULTS.down, RANGE, [...path, 'down'], findings),
    };
    delays.set(name, delay);
    const limit = limitOf(name, instances);
    if (limit === undefined || delay.down < limit) continue;
    const message =
      `${name} is believed for ${formatDuration(delay.down)} after it has gone down, and a peer takes ` +
      `over before that: write less than ${formatDuration(limit)}, twice the advertisement interval`;
    findings.warn([...path, 'down'], message);
  }
  return [...delays.values()];
}

/** Undefined: no instance advertises on the link. */
function limitOf(name: string, instances: readonly InstanceSettings[]): Duration | undefined {
  const intervals = instances.flatMap((one) =>
    one.interface === name ? [one.advertisementInterval] : [],
  );
  return intervals.length === 0 ? undefined : ((INTERVALS * Math.min(...intervals)) as Duration);
}
