/** A router whose interface is a port of a bridge hears nothing and is heard by no client: it is no MASTER. */
import { MONITOR_DELAY } from '../kernel.ts';
import { REACTION_TIME } from '../world.ts';
import { type Invariant, Lasting } from './invariant.ts';

export function noMasterOnPort(): Invariant {
  const lasting = new Lasting();
  return {
    name: 'no MASTER on a port of a bridge',
    check(world) {
      lasting.begin();
      for (const { key, host, settings, view } of world.rows()) {
        if (view.state !== 'MASTER' || !host.kernel.isPort(settings.interface)) continue;
        const lasts = lasting.note(key, world.clock.now, world.disturbedAt);
        if (lasts > MONITOR_DELAY + REACTION_TIME)
          return `${host.name} is MASTER of ${settings.name}`;
      }
      return undefined;
    },
  };
}
