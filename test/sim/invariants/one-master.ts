/**
 * Never two MASTERs on a connected segment for longer than it takes the winner to be heard: a
 * router that hears a greater MASTER than itself yields (RFC 9568 section 6.4.3).
 */
import type { InstanceSettings } from '../../../src/engine/settings.ts';
import type { InstanceView } from '../../../src/engine/view.ts';
import { compareIp } from '../../../src/net/address.ts';
import type { Host } from '../host.ts';
import { REACTION_TIME, type World } from '../world.ts';
import { type Invariant, Lasting } from './invariant.ts';

interface Row {
  readonly host: Host;
  readonly settings: InstanceSettings;
  readonly view: InstanceView;
}

export function oneMaster(): Invariant {
  const lasting = new Lasting();
  return {
    name: 'one MASTER',
    check(world) {
      const masters = [...world.rows()].filter(({ view }) => view.state === 'MASTER');
      for (const winner of masters) {
        for (const loser of masters) {
          if (winner.host === loser.host || winner.settings.name !== loser.settings.name) continue;
          const key = `${winner.host.number} ${loser.host.number} ${winner.settings.name}`;
          const holds = mustYield(world, winner, loser);
          const time = lasting.note(key, holds, world.clock.now, world.disturbedAt);
          if (time > winner.settings.advertisementInterval + REACTION_TIME) {
            return `${loser.host.name} stays MASTER of ${key} beside ${winner.host.name}`;
          }
        }
      }
      if (masters.length < 2) lasting.clear();
      return undefined;
    },
  };
}

/** A version 2 owner listens to nobody (RFC 3768 section 7.1): two of them are a misconfiguration. */
function mustYield(world: World, winner: Row, loser: Row): boolean {
  if (!world.segment.isCalm || !world.hears(loser.host, winner.host, loser.settings)) return false;
  if (winner.view.releasing || loser.view.releasing) return false;
  if (loser.settings.version === 2 && loser.settings.priority === 255) return false;
  const [mine, theirs] = [loser.settings.priority, winner.settings.priority];
  if (mine !== theirs) return theirs > mine;
  const [own, other] = [loser.view.master?.address, winner.view.master?.address];
  return own !== undefined && other !== undefined && compareIp(other, own) > 0;
}
