/**
 * Whoever hears no MASTER for a Master_Down_Interval is MASTER; and a router that preempts does so
 * when it hears nobody better for that long and its preempt delay has passed.
 */
import type { InstanceSettings } from '../../../src/engine/settings.ts';
import { preemptDelayOf } from '../../../src/engine/table-wait.ts';
import type { Instant } from '../../../src/net/time.ts';
import type { Host } from '../host.ts';
import { REACTION_TIME, type World } from '../world.ts';
import { type Invariant, Lasting } from './invariant.ts';

export function someMaster(): Invariant {
  const silence = new Lasting();
  const weakness = new Lasting();
  /** When each virtual router was last advertised: a MASTER that fails at once is heard too. */
  const advertisedAt = new Map<number, Instant>();
  return {
    name: 'some MASTER',
    check(world) {
      silence.begin();
      weakness.begin();
      if (!world.segment.isCalm) return undefined;
      for (const { key, host, settings, view, masterDownTime } of world.rows()) {
        if (view.state !== 'BACKUP') continue;
        const best = bestHeard(world, host, settings);
        const { now } = world.clock;
        const heardAt = advertisedAt.get(settings.vrid) ?? world.disturbedAt;
        const since = Math.max(world.disturbedAt, heardAt);
        if (best === 0 && silence.note(key, now, since) > masterDownTime) {
          return `${host.name} hears no MASTER of ${settings.name} and waits`;
        }
        if (!settings.preempt || view.heldBack || best >= view.priority.effective) continue;
        const patience =
          masterDownTime + preemptDelayOf(settings, true) + world.longestInterval(settings);
        if (weakness.note(key, now, world.disturbedAt) > patience + REACTION_TIME) {
          return `${host.name} hears only priority ${best} of ${settings.name} and waits`;
        }
      }
      return undefined;
    },
    sent(world, _host, packet) {
      const offset = (packet[0] ?? 0) >> 4 === 4 ? 20 : 40;
      if (packet[offset + 2] !== 0) advertisedAt.set(packet[offset + 1] ?? 0, world.clock.now);
      return undefined;
    },
  };
}

/** The greatest priority of all MASTERs that the host can hear; 0: there is none. */
function bestHeard(world: World, listener: Host, { name }: InstanceSettings): number {
  let best = 0;
  for (const { host, settings, view } of world.rows()) {
    if (settings.name !== name || host === listener) continue;
    if (view.state !== 'MASTER' || view.releasing) continue;
    if (world.hears(listener, host, settings)) best = Math.max(best, view.priority.effective);
  }
  return best;
}
