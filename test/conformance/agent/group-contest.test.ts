/** Two directors yield to each other in different members of a sync group, and both return. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { advert, linkOf, PEER, PEER6, Rig } from '../rig.ts';

type Member = Pick<InstanceSettings, 'vrid'> & Partial<InstanceSettings>;

/** Master_Down_Interval of priority 100 at one second, in milliseconds. */
const DOWN = 3_609;
const STEP = 10;

function masters(...members: Member[]): Rig {
  const instances = members.map((member, number) => ({
    name: `member${number}`,
    addresses: [addressOf(member)],
    ...member,
  }));
  const names = instances.map(({ name }) => name);
  const rig = new Rig(instances, {
    links: [linkOf()],
    syncGroups: [{ name: 'gateway', instances: names, mode: 'all', track: [] }],
  });
  rig.start();
  rig.becomeMaster();
  expect(states(rig)).toEqual(members.map(() => 'MASTER'));
  return rig;
}

function addressOf({ vrid, family }: Member) {
  const [address, prefixLength] =
    family === 'ipv6' ? [`fe80::${vrid}`, 64] : [`203.0.113.${vrid}`, 32];
  return { address: ip(address), prefixLength, interface: 'eth0' };
}

function states(rig: Rig): string[] {
  return rig.engine.view().map(({ state }) => state);
}

function hear(rig: Rig, member: Member, priority: number): void {
  const source = member.family === 'ipv6' ? PEER6 : PEER;
  const addresses = [addressOf(member).address];
  rig.hear(advert({ vrid: member.vrid, priority, source, addresses }));
}

/** A stronger MASTER is heard, which yields to another member of this director a moment later. */
function collide(rig: Rig, member: Member): void {
  hear(rig, member, 200);
  expect(new Set(states(rig))).toEqual(new Set(['BACKUP']));
  hear(rig, member, 0);
}

/** How long the group takes to return, in milliseconds beyond Master_Down_Interval. */
function waitOf(rig: Rig): number {
  let waited = 0;
  while (states(rig).includes('BACKUP') && waited < 60_000) {
    rig.elapse(milliseconds(STEP));
    waited += STEP;
  }
  return Math.floor((waited - DOWN) / STEP) * STEP;
}

const FIRST = { vrid: 1 };
const SECOND = { vrid: 2 };

describe('a group that has yielded to a director which yields as well', () => {
  test('returns an interval later when the other one is stronger in the lowest VRID', () => {
    const rig = masters(FIRST, SECOND);
    collide(rig, FIRST);
    expect(waitOf(rig)).toBe(1_000);
  });

  test('returns immediately when the other one is stronger only in other members', () => {
    const rig = masters(FIRST, SECOND);
    collide(rig, SECOND);
    expect(waitOf(rig)).toBe(0);
  });

  test('decides by the same member, whatever the order in the configuration', () => {
    const rig = masters(SECOND, FIRST);
    collide(rig, FIRST);
    expect(waitOf(rig)).toBe(1_000);
    const other = masters(SECOND, { vrid: 3 }, FIRST);
    collide(other, SECOND);
    expect(waitOf(other)).toBe(0);
  });

  test('decides by IPv4 where both families have the VRID', () => {
    const ipv6 = { vrid: 1, family: 'ipv6' } as const;
    for (const members of [
      [FIRST, ipv6],
      [ipv6, FIRST],
    ]) {
      const rig = masters(...members);
      collide(rig, FIRST);
      expect(waitOf(rig)).toBe(1_000);
      rig.elapse(seconds(60));
      collide(rig, ipv6);
      expect(waitOf(rig)).toBe(0);
    }
  });

  test('remains BACKUP when the other one returns in the meantime', () => {
    const rig = masters(FIRST, SECOND);
    collide(rig, FIRST);
    rig.elapse(milliseconds(DOWN + 500));
    for (let i = 0; i < 10; i++) {
      hear(rig, FIRST, 200);
      rig.elapse(seconds(1));
    }
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
  });

  test('waits an interval longer after each collision, up to eight', () => {
    const rig = masters(FIRST, SECOND);
    const waits = Array.from({ length: 10 }, () => {
      collide(rig, FIRST);
      return waitOf(rig) / 1_000;
    });
    expect(waits).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 8, 8]);
  });

  test('begins with one interval again when the last collision was long ago', () => {
    const rig = masters(FIRST, SECOND);
    collide(rig, FIRST);
    waitOf(rig);
    collide(rig, FIRST);
    expect(waitOf(rig)).toBe(2_000);
    rig.elapse(milliseconds(8 * DOWN));
    collide(rig, FIRST);
    expect(waitOf(rig)).toBe(1_000);
  });

  test('does not wait for one that was MASTER for some time before it resigned', () => {
    const rig = masters(FIRST, SECOND);
    for (let i = 0; i < 6; i++) {
      hear(rig, FIRST, 200);
      rig.elapse(seconds(1));
    }
    hear(rig, FIRST, 0);
    rig.elapse(milliseconds(700));
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });
});
