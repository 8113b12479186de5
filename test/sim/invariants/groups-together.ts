/** Members of a sync group are MASTER together or not at all, except during planned failovers. */
import { preemptDelayOf } from '../../../src/protocol/engine/router/router-context.ts';
import { type Invariant, Lasting } from './invariant.ts';

export function groupsTogether(): Invariant {
  const split = new Lasting();
  return {
    name: 'groups move together',
    check(world) {
      split.begin();
      if (!world.segment.isCalm) return undefined;
      for (const row of world.rows()) {
        const { key, host, settings, view } = row;
        if (view.state !== 'BACKUP') continue;
        const members = world.membersOf(row);
        if (members.length < 2) continue;
        if (!members.some((one) => one.view.state === 'MASTER' && !one.view.releasing)) continue;
        const times = members.map(
          (one) =>
            one.masterDownTime +
            world.leaveTime(one.settings, one.view.priority.effective) +
            preemptDelayOf(one.settings, true),
        );
        if (split.note(key, world.clock.now, world.disturbedAt) > Math.max(...times)) {
          return `${host.name} is BACKUP of ${settings.name} and MASTER of its siblings`;
        }
      }
      return undefined;
    },
  };
}
