/**
 * What a second network must achieve. The bounds are those of the slowest path: a Master_Down_Interval, the
 * time to ask third hosts, and the reactions of both sides.
 */
import type { Host } from '../host.ts';
import { onSlowestClock } from '../host-clock.ts';
import { REACTION_TIME, type Row, type World } from '../world.ts';
import { type Invariant, Lasting } from './invariant.ts';

/** Time in which a director finds out that another one is up again. */
export const HANDSHAKE = 1_000_000;

/** A new IPv6 address is usable after this time. */
export const DETECTION_TIME = 1_000_000;

/** While the directors hear each other over the link, no VIP has two owners for longer than this. */
export function oneOwnerWhileLinked(): Invariant {
  const lasting = new Lasting();
  return {
    name: 'one owner while the peer link is up',
    check(world) {
      lasting.begin();
      const masters = world.rows().filter(({ view }) => view.state === 'MASTER');
      for (const [position, one] of masters.entries()) {
        for (const other of masters.slice(position + 1)) {
          if (one.settings.name !== other.settings.name || !areLinked(world, one, other)) continue;
          if (one.view.releasing || other.view.releasing) continue;
          const key = `${one.key} ${other.host.name}`;
          const time = lasting.note(key, world.clock.now, world.disturbedAt);
          if (time <= settlingTime(world, one)) continue;
          return `${one.host.name} and ${other.host.name} are both MASTER of ${one.settings.name} for ${time} us`;
        }
      }
      return undefined;
    },
  };
}

/** A VIP that any director can serve is served by one that can. */
export function servedIfPossible(): Invariant {
  const lasting = new Lasting();
  return {
    name: 'a VIP that can be served is served',
    check(world) {
      lasting.begin();
      if (!isCalm(world)) return undefined;
      const rows = world.rows();
      for (const row of rows) {
        if (row.view.state !== 'BACKUP' || !reachesGateway(world, row.host)) continue;
        const masters = rows.filter(
          ({ settings, view }) => settings.name === row.settings.name && view.state === 'MASTER',
        );
        if (masters.some(({ host }) => reachesGateway(world, host))) continue;
        // Only gateway tracking moves a VIP while its MASTER is heard; without a link the RFC decides.
        if (masters.some((master) => isBeyondJudgement(world, row, master))) continue;
        const time = lasting.note(row.key, world.clock.now, world.disturbedAt);
        if (time > servingTime(row)) return `${row.host.name} could serve and is BACKUP`;
      }
      return undefined;
    },
  };
}

function isBeyondJudgement(world: World, { host, settings }: Row, master: Row): boolean {
  if (world.hears(host, master.host, settings)) return true;
  return !isLinked(world, host, master.host);
}

function areLinked(world: World, one: Row, other: Row): boolean {
  return isCalm(world) && isLinked(world, one.host, other.host);
}

function isLinked({ peers }: World, one: Host, other: Host): boolean {
  if (peers === undefined) return false;
  return peers.isOpen(one.number, other.number) && peers.isOpen(other.number, one.number);
}

function isCalm({ segment, peers }: World): boolean {
  return segment.isCalm && (peers?.isCalm ?? false);
}

export function reachesGateway({ segment, thirdHost }: World, host: Host): boolean {
  if (thirdHost === undefined || !host.kernel.isConnectedToWire) return false;
  const { number } = thirdHost;
  return segment.isOpen(host.number, number) && segment.isOpen(number, host.number);
}

/** The first look after the handshake, one and a half intervals to see that VRRP does not settle it. */
function settlingTime(world: World, { settings }: Row): number {
  const interval = onSlowestClock(world.longestInterval(settings));
  return HANDSHAKE + 2 * interval + 4 * REACTION_TIME;
}

/** A loss of the link and of the MASTER one after the other, or a claim that is withdrawn once. */
function servingTime(row: Row): number {
  return HANDSHAKE + 3 * row.masterDownTime + 4 * REACTION_TIME;
}
