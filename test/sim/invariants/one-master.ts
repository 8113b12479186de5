/**
 * Two MASTERs on a connected segment last only until one hears the other: a router that hears a
 * MASTER of higher priority yields (RFC 9568 section 6.4.3).
 */

import { compareIp } from '../../../src/net/address.ts';
import { onSlowestClock } from '../host-clock.ts';
import { REACTION_TIME, type Row, type World } from '../world.ts';
import { type Invariant, Lasting } from './invariant.ts';

export function oneMaster(): Invariant {
  const lasting = new Lasting();
  return {
    name: 'one MASTER',
    check(world) {
      lasting.begin();
      const masters = world.rows().filter(({ view }) => view.state === 'MASTER');
      if (masters.length < 2) return undefined;
      for (const winner of masters) {
        for (const loser of masters) {
          if (winner.host === loser.host || winner.settings.name !== loser.settings.name) continue;
          if (!mustYield(world, winner, loser)) continue;
          const time = lasting.note(
            `${winner.host.name} ${loser.key}`,
            world.clock.now,
            world.disturbedAt,
          );
          if (time <= onSlowestClock(winner.settings.advertisementInterval) + REACTION_TIME)
            continue;
          return `${loser.host.name} stays MASTER of ${loser.settings.name} beside ${winner.host.name}`;
        }
      }
      return undefined;
    },
  };
}

/** A version 2 owner ignores all advertisements (RFC 3768 section 7.1): two owners are a misconfiguration. */
function mustYield(world: World, winner: Row, loser: Row): boolean {
  if (!world.segment.isCalm || !world.hears(loser.host, winner.host, loser.settings)) return false;
  if (winner.view.releasing || loser.view.releasing) return false;
  if (loser.settings.version === 2 && loser.settings.priority === 255) return false;
  const [mine, theirs] = [loser.view.priority.effective, winner.view.priority.effective];
  if (mine !== theirs) return theirs > mine;
  const [own, other] = [loser.view.master?.address, winner.view.master?.address];
  return own !== undefined && other !== undefined && compareIp(other, own) > 0;
}
