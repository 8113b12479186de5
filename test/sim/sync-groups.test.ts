/** Sync groups whose members have different priority orders. */
import { describe, expect, test } from 'vitest';
import { masterDownInterval } from '../../fsm/vrrp/timing.ts';
import { ip } from '../../src/net/address.ts';
import { type Duration, milliseconds, seconds } from '../../src/net/time.ts';
import type { InstanceSettings, Settings } from '../../src/protocol/engine/settings.ts';
import { instanceOf } from '../conformance/rig.ts';
import { bootHost } from './scenarios/faults.ts';
import { INTERFACE } from './scenarios/topology.ts';
import { World } from './world.ts';

const SECOND = 1_000_000;

/** One director: its priorities in the members of the group, ordered by VRID. */
function director(
  number: number,
  priorities: readonly number[],
  intervals: readonly Duration[],
): Settings {
  const instances = priorities.map((priority, member): InstanceSettings => {
    const vrid = 51 + member;
    return instanceOf({
      ...{ name: `vr${vrid}`, interface: INTERFACE, vrid, priority },
      advertisementInterval: intervals[member] ?? seconds(1),
      addresses: [{ address: ip(`203.0.113.${vrid}`), prefixLength: 32, interface: INTERFACE }],
    });
  });
  const names = instances.map(({ name }) => name);
  return {
    router: `host${number}`,
    linger: 'off',
    instances,
    syncGroups: [{ name: 'gateway', instances: names, mode: 'all', track: [] }],
  };
}

/** Splits the segment until both directors are MASTER, then heals it. */
function healed(seed: number, directors: readonly Settings[]): World {
  const world = new World(seed, directors, [], true);
  for (const host of world.hosts) bootHost(host);
  for (const a of world.hosts) {
    for (const b of world.hosts) if (a !== b) world.segment.cut(a.number, b.number);
  }
  world.runFor(5 * SECOND);
  expect(new Set(states(world))).toEqual(new Set(['MASTER']));
  world.segment.heal();
  return world;
}

function states(world: World): string[] {
  return world.rows().map(({ view }) => view.state);
}

function changes(world: World): string[] {
  return world.trace.filter((line) => line.includes(' transition '));
}

describe('two groups with higher priorities in different members', () => {
  const cases: readonly [string, readonly number[][], readonly Duration[]][] = [
    [
      'of two members',
      [
        [150, 100],
        [100, 150],
      ],
      [],
    ],
    [
      'of three members',
      [
        [150, 100, 80],
        [100, 150, 90],
      ],
      [],
    ],
    [
      'of members with other intervals',
      [
        [150, 100],
        [100, 150],
      ],
      [milliseconds(500), seconds(1)],
    ],
    [
      'of three directors',
      [
        [150, 100, 50],
        [100, 50, 150],
        [50, 150, 100],
      ],
      [],
    ],
  ];

  test.each(cases)(
    '%s: one of them has all before long, and keeps it',
    (_, priorities, intervals) => {
      for (let seed = 1; seed <= 20; seed++) {
        const directors = priorities.map((own, number) => director(number, own, intervals));
        const world = healed(seed, directors);
        const longest = masterDownInterval(3, 1, seconds(1));
        world.runFor(4 * longest);
        const settled = changes(world).length;
        world.runFor(60 * SECOND);
        const masters = world.rows().filter(({ view }) => view.state === 'MASTER');
        expect(masters.map(({ host }) => host.name)).toEqual(
          new Array(priorities[0]?.length).fill(masters[0]?.host.name),
        );
        expect(changes(world).slice(settled)).toEqual([]);
      }
    },
  );
});
