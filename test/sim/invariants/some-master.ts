/**
 * A router that hears no MASTER for a Master_Down_Interval is MASTER; and a router preempts if it hears
 * no higher priority for that long and its preempt delay has passed.
 */

import type { Instant } from '../../../src/net/time.ts';
import { preemptDelayOf } from '../../../src/protocol/engine/router/router-context.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import type { Host } from '../host.ts';
import { onSlowestClock } from '../host-clock.ts';
import { REACTION_TIME, type Row, type World } from '../world.ts';
import { type Invariant, Lasting } from './invariant.ts';

/** The most intervals that a group waits after a collision with another. */
const CONTEST = 8;

/** How often a group of mode `any` tries again. */
const LOOK_AGAIN = 1_000_000;

export function someMaster(): Invariant {
  const silence = new Lasting();
  const weakness = new Lasting();
  /** Last advertisement of each virtual router, also by a MASTER that fails immediately. */
  const advertisedAt = new Map<number, Instant>();
  return {
    name: 'some MASTER',
    check(world) {
      silence.begin();
      weakness.begin();
      if (!world.segment.isCalm) return undefined;
      for (const row of world.rows()) {
        const { key, host, settings, view } = row;
        if (view.state !== 'BACKUP') continue;
        if (!isUnheard(world, row) && !outranks(world, row)) continue;
        // Members of a group wait for each other.
        const members = world.membersOf(row);
        if (members.some((one) => !takesPart(one))) continue;
        const { now } = world.clock;
        const heardAt = members.map((one) => advertisedAt.get(one.settings.vrid) ?? 0);
        const since = Math.max(world.disturbedAt, ...heardAt);
        const wait = longestWait(world, members);
        if (members.every((one) => isUnheard(world, one)) && silence.note(key, now, since) > wait) {
          return `${host.name} hears no MASTER of ${settings.name} and waits`;
        }
        if (!members.every((one) => isUnheard(world, one) || outranks(world, one))) continue;
        // A lower priority may become MASTER while before_master is asked: it is asked once more.
        const preemption = members.map(({ settings: own, view: { priority } }) =>
          onSlowestClock(
            preemptDelayOf(own, true) +
              world.longestInterval(own) +
              world.leaveTime(own, priority.effective),
          ),
        );
        const longest = wait + Math.max(...preemption) + REACTION_TIME;
        if (weakness.note(key, now, world.disturbedAt) > longest) {
          return `${host.name} hears only lower priorities of ${settings.name} and waits`;
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

/** In no state that keeps a group from becoming MASTER. */
function takesPart({ view }: Row): boolean {
  return (view.state === 'BACKUP' || view.state === 'MASTER') && !view.releasing;
}

function isUnheard(world: World, row: Row): boolean {
  return takesPart(row) && bestHeard(world, row.host, row.settings) === 0;
}

function outranks(world: World, row: Row): boolean {
  const { host, settings, view } = row;
  if (!takesPart(row) || !settings.preempt || view.heldBack) return false;
  return bestHeard(world, host, settings) < view.priority.effective;
}

function longestWait(world: World, members: readonly Row[]): number {
  const times = members.map(
    ({ settings, view, masterDownTime }) =>
      masterDownTime + world.leaveTime(settings, view.priority.effective),
  );
  const longest = Math.max(...times);
  if (members.length < 2) return longest;
  const interval = Math.max(...members.map(({ settings }) => world.longestInterval(settings)));
  return 2 * longest + onSlowestClock(CONTEST * interval + LOOK_AGAIN);
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
