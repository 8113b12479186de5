/** Priority 0 hands over within Skew_Time of the slowest successor (RFC 9568 section 6.4.2). */
import { skewTime } from '../../../fsm/vrrp/timing.ts';
import type { Host } from '../host.ts';
import { MONITOR_DELAY } from '../kernel.ts';
import { REACTION_TIME, type World } from '../world.ts';
import type { Invariant } from './invariant.ts';

/** Before this time the heir may not know yet what has changed about itself. */
const SETTLED_AFTER = MONITOR_DELAY + REACTION_TIME;

interface HandOver {
  readonly instance: string;
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
      return late && `${late.heir.name} has not taken ${late.instance} over from ${late.from.name}`;
    },
    sent(world, host, packet) {
      const offset = (packet[0] ?? 0) >> 4 === 4 ? 20 : 40;
      if (packet[offset + 2] !== 0 || !world.segment.isCalm) return undefined;
      running.push(...heirsOf(world, host, packet[offset + 1] ?? 0));
      return undefined;
    },
  };
}

/** Every BACKUP that hears the resignation has to be MASTER in time, or to hear one. */
function heirsOf(world: World, from: Host, vrid: number): HandOver[] {
  const found: HandOver[] = [];
  const startedAt = world.clock.now;
  for (const { host, settings, view } of world.rows()) {
    if (host === from || settings.vrid !== vrid || view.state !== 'BACKUP') continue;
    if (!world.hears(host, from, settings)) continue;
    if (settings.version === 2 && settings.priority === 255) continue;
    const interval = world.longestInterval(settings);
    const until =
      startedAt + skewTime(settings.version, settings.priority, interval) + 2 * REACTION_TIME;
    found.push({ instance: settings.name, from, heir: host, startedAt, until });
  }
  return found;
}

function isOpen(world: World, { instance, from, heir, startedAt }: HandOver): boolean {
  if (world.brokenAt + SETTLED_AFTER > startedAt || heir.views.get(instance)?.state !== 'BACKUP')
    return false;
  for (const { host, settings, view } of world.rows()) {
    if (host === from || settings.name !== instance || view.state !== 'MASTER') continue;
    if (world.hears(heir, host, settings)) return false;
  }
  return true;
}
