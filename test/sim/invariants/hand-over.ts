/** Priority 0 hands over within Skew_Time of the slowest successor (RFC 9568 section 6.4.2). */

import { skewTime } from '../../../fsm/vrrp/timing.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import type { Host } from '../host.ts';
import { onSlowestClock } from '../host-clock.ts';
import { MONITOR_DELAY } from '../kernel.ts';
import { REACTION_TIME, type World } from '../world.ts';
import type { Invariant } from './invariant.ts';

/** Before this time, the successor may not know its own changes yet. */
const SETTLED_AFTER = MONITOR_DELAY + REACTION_TIME;

interface HandOver {
  readonly settings: InstanceSettings;
  readonly from: Host;
  readonly heir: Host;
  readonly startedAt: number;
  readonly until: number;
}

export function handOver(): Invariant {
  let running: HandOver[] = [];
  return {
    name: 'hand-over within Skew_Time',
    check(world) {
      if (running.length === 0) return undefined;
      const { now } = world.clock;
      running = running.filter((one) => isOpen(world, one));
      const late = running.find((one) => now > one.until);
      return (
        late && `${late.heir.name} has not taken ${late.settings.name} over from ${late.from.name}`
      );
    },
    sent(world, host, packet) {
      const offset = (packet[0] ?? 0) >> 4 === 4 ? 20 : 40;
      const vrid = packet[offset + 1] ?? 0;
      if (packet[offset + 2] !== 0)
        running = running.filter((one) => !hears(world, one, host, vrid));
      else if (world.segment.isCalm) running.push(...successorsOf(world, host, vrid));
      return undefined;
    },
  };
}

/** Every BACKUP that hears the resignation must become MASTER in time, or hear one. */
function successorsOf(world: World, from: Host, vrid: number): HandOver[] {
  const found: HandOver[] = [];
  const startedAt = world.clock.now;
  for (const row of world.rows()) {
    const { host, settings, view } = row;
    if (host === from || settings.vrid !== vrid || view.state !== 'BACKUP') continue;
    if (!world.hears(host, from, settings)) continue;
    if (settings.version === 2 && settings.priority === 255) continue;
    // It may have to wait for others of its group, or for a command.
    if (settings.beforeMaster !== undefined || world.membersOf(row).length > 1) continue;
    const interval = world.longestInterval(settings);
    // With different intervals, the resignation may be repeated within the Skew_Time of a slow successor
    // that has just started, which restarts its timer each time.
    if (intervalOf(from, settings) < interval) continue;
    const skew = skewTime(settings.version, view.priority.effective, interval);
    const until = startedAt + onSlowestClock(skew) + 2 * REACTION_TIME;
    found.push({ settings, from, heir: host, startedAt, until });
  }
  return found;
}

function intervalOf({ settings }: Host, { name, advertisementInterval }: InstanceSettings): number {
  const own = settings.instances.find((one) => one.name === name);
  return own?.advertisementInterval ?? advertisementInterval;
}

/** Another router has become MASTER, even if it failed immediately. */
function hears(world: World, { settings, heir }: HandOver, speaker: Host, vrid: number): boolean {
  return settings.vrid === vrid && world.hears(heir, speaker, settings);
}

function isOpen(world: World, { settings, from, heir, startedAt }: HandOver): boolean {
  const isBackup = heir.views.get(settings.name)?.state === 'BACKUP';
  if (world.brokenAt + SETTLED_AFTER > startedAt || !isBackup) return false;
  for (const row of world.rows()) {
    if (row.host === from || row.settings.name !== settings.name) continue;
    if (row.view.state === 'MASTER' && world.hears(heir, row.host, settings)) return false;
  }
  return true;
}
