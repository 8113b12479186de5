/** Another program undoes what the agent does, again and again: the agent must not answer in kind. */
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import type { KernelChange, LinkState } from '../../../src/net/link.ts';
import { type Route, routingKey } from '../../../src/net/routing.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import { addressOf, INDEX, linkOf, Rig, VIP, VIP6 } from '../rig.ts';

const NAME = 'vr4-55-eth0';
const LINK_INDEX = 9;
const LINK = mac('00:00:5e:00:01:37');

const ROUTE: Route = {
  kind: 'route',
  family: 'ipv4',
  destination: { address: ip('198.51.100.0'), length: 24 },
  via: ip('192.0.2.1'),
  interface: 'eth0',
  source: undefined,
  metric: 0,
  table: 254,
  onlink: false,
  mtu: undefined,
};

function master(more: object = {}, links?: LinkState[]): Rig {
  const rig = new Rig([more], links === undefined ? {} : { links });
  rig.start();
  rig.becomeMaster();
  return rig;
}

/**
 * For ten seconds, `undo` is called a millisecond after each repair. Returns the moments of the repairs,
 * in milliseconds, and all lines.
 */
function fight(rig: Rig, undo: () => string[], isRepair: (line: string) => boolean) {
  const start = rig.now;
  const repairs: number[] = [];
  const all: string[] = [];
  const take = (lines: readonly string[]) => {
    all.push(...lines);
    const count = lines.filter(isRepair).length;
    for (let i = 0; i < count; i++) repairs.push((rig.now - start) / 1_000);
    return count > 0;
  };
  let mustUndo = true;
  while (rig.now - start < seconds(10)) {
    if (mustUndo) mustUndo = take(undo());
    if (take(rig.elapse(milliseconds(1)))) mustUndo = true;
  }
  return { repairs, all };
}

/** Each pause is at least as long as the one before it, up to five seconds. */
function expectPauses(repairs: readonly number[]): void {
  const pauses = repairs.slice(1).map((at, index) => at - (repairs[index] ?? 0));
  expect(repairs[0]).toBe(0);
  expect(repairs.length).toBeGreaterThan(5);
  expect(repairs.length).toBeLessThan(11);
  for (const [index, pause] of pauses.entries()) {
    expect(pause).toBeGreaterThanOrEqual(50 * 2 ** index);
    expect(pause).toBeLessThan(50 * 2 ** index + 5);
  }
}

describe('FR-E a fight with another program', () => {
  test.each([
    ['IPv4', {}, VIP, 32],
    [
      'IPv6',
      { family: 'ipv6', addresses: [{ address: VIP6, prefixLength: 128, interface: 'eth0' }] },
      VIP6,
      128,
    ],
  ])(
    'over a VIP of a MASTER slows down, and does not flood the log: %s',
    (_, more, address, prefixLength) => {
      const rig = master(more);
      const removed = { kind: 'address.removed', index: INDEX, address, prefixLength } as const;
      const { repairs, all } = fight(
        rig,
        () => rig.handle(removed),
        (line) => line === `add ${address}/${prefixLength}`,
      );
      expectPauses(repairs);
      expect(all.filter((line) => line === `restored ${address}`)).toHaveLength(4);
      const counts = rig.reports.flatMap((one) =>
        one.kind === 'address-restored' ? [one.count] : [],
      );
      expect(counts).toEqual([1, 2, 4, 8]);
      expect(rig.count('addresses-restored')).toBe(repairs.length);
      expect(rig.state).toBe('MASTER');
    },
  );

  test('over a VIP with its mark on a BACKUP slows down', () => {
    const rig = new Rig([{ priority: 100, preempt: false }]);
    rig.start();
    const address = addressOf(`${VIP}/32`, { ours: true });
    // Too short for the Master_Down_Interval.
    rig.hear();
    let removals = 0;
    let present = false;
    for (let step = 0; step < 3_000; step++) {
      const lines = present
        ? rig.elapse(milliseconds(1))
        : rig.handle({ kind: 'address.added', index: INDEX, address });
      present = true;
      const count = lines.filter((line) => line === `remove ${VIP}/32`).length;
      if (count > 0) present = false;
      removals += count;
    }
    expect(rig.state).toBe('BACKUP');
    expect(removals).toBeGreaterThan(3);
    expect(removals).toBeLessThan(9);
  });

  test('over a route slows down', () => {
    const rig = master({ routes: [ROUTE] });
    const removed = { kind: 'routing.removed', key: routingKey(ROUTE) } as const;
    const isRepair = (line: string) => line.startsWith('add route 198.51.100.0/24');
    const { repairs, all } = fight(rig, () => rig.handle(removed), isRepair);
    expectPauses(repairs);
    expect(all.filter((line) => line.startsWith('restored'))).toHaveLength(4);
    expect(rig.count('routes-restored')).toBe(repairs.length);
  });

  test('over the link of a virtual MAC slows down', () => {
    const link = { mtu: 1500, up: false, running: false, addresses: [] };
    const links = [linkOf(), { index: LINK_INDEX, name: NAME, mac: LINK, ...link }];
    const more = {
      addresses: [{ address: VIP, prefixLength: 32, interface: NAME }],
      virtualMac: { interface: NAME, mac: LINK },
    };
    const rig = master(more, links);
    const { addresses: _, ...down } = links[1] as LinkState;
    const { repairs, all } = fight(
      rig,
      () => rig.handle({ kind: 'link.changed', link: down }),
      (line) => line === `raise ${LINK_INDEX}`,
    );
    expectPauses(repairs);
    expect(all.filter((line) => line === `restored ${NAME}`)).toHaveLength(4);
  });

  test('that has ended is forgotten: the next repair is immediate, and reported', () => {
    const rig = master();
    const removed = {
      kind: 'address.removed',
      index: INDEX,
      address: VIP,
      prefixLength: 32,
    } as const;
    fight(
      rig,
      () => rig.handle(removed),
      (line) => line.startsWith('add'),
    );
    rig.elapse(seconds(610));
    expect(rig.handle(removed)).toEqual([`add ${VIP}/32`, `restored ${VIP}`]);
  });

  test('does not delay what this director does by itself', () => {
    const rig = master();
    const removed = {
      kind: 'address.removed',
      index: INDEX,
      address: VIP,
      prefixLength: 32,
    } as const;
    fight(
      rig,
      () => rig.handle(removed),
      (line) => line.startsWith('add'),
    );
    rig.elapse(seconds(6));
    expect(rig.handle({ kind: 'shutdown' })).toContain(`remove ${VIP}/32`);
  });
});

describe('FR-H an address that the agent has not added', () => {
  const own = ip('192.0.2.11');
  const typingError = { addresses: [{ address: own, prefixLength: 32, interface: 'eth0' }] };
  const removalsIn = (lines: readonly string[]) => lines.filter((one) => one.startsWith('remove'));

  test('is never removed, whatever happens, and is reported once', () => {
    const addresses = [addressOf('192.0.2.11/32'), addressOf('192.0.2.12/24')];
    const rig = new Rig([typingError], { links: [linkOf({ addresses })] });
    const lines = [
      ...rig.start(),
      ...rig.becomeMaster(),
      ...rig.start(),
      ...rig.handle({ kind: 'shutdown' }),
    ];
    expect(removalsIn(lines)).toEqual([]);
    expect(lines.filter((line) => line.startsWith('foreign'))).toEqual([
      'foreign 192.0.2.11/32 on eth0',
    ]);
    expect(lines.join()).not.toContain('cleaned');
    expect(lines.at(-1)).toBe('finished');
  });

  test('is not removed with the prefix length of the file either', () => {
    const more = { addresses: [{ address: own, prefixLength: 24, interface: 'eth0' }] };
    const rig = new Rig([more]);
    const lines = [...rig.start(), ...rig.handle({ kind: 'shutdown' })];
    expect(removalsIn(lines)).toEqual([]);
    expect(lines).toContain('foreign 192.0.2.11/24 on eth0');
  });

  test('gets no lifetime while this director is MASTER', () => {
    const rig = new Rig([{ lease: seconds(4), preempt: true }]);
    const outputs: KernelChange[] = [];
    const address = addressOf(`${VIP}/32`);
    rig.errnoOf = (change) => {
      outputs.push(change);
      return 0;
    };
    rig.start([linkOf({ addresses: [addressOf('192.0.2.11/24'), address] })]);
    rig.becomeMaster();
    rig.elapse(seconds(10));
    expect(rig.state).toBe('MASTER');
    expect(outputs).toEqual([]);
  });

  test('that replaces one of the agent while it is MASTER stays when it yields', () => {
    const rig = master();
    rig.handle({ kind: 'address.removed', index: INDEX, address: VIP, prefixLength: 32 });
    // Another program was quicker the second time.
    const theirs = addressOf(`${VIP}/32`);
    const EEXIST = 17;
    rig.errnoOf = () => EEXIST;
    rig.handle({ kind: 'address.removed', index: INDEX, address: VIP, prefixLength: 32 });
    rig.elapse(seconds(1));
    rig.errnoOf = () => 0;
    expect(rig.handle({ kind: 'address.added', index: INDEX, address: theirs })).toEqual([
      `foreign ${VIP}/32 on eth0`,
    ]);
    expect(removalsIn(rig.handle({ kind: 'shutdown' }))).toEqual([]);
  });

  test('is reported the 1st, 2nd, 4th time that it comes back, and the first time after a pause', () => {
    const rig = new Rig();
    rig.start();
    const added = { kind: 'address.added', index: INDEX, address: addressOf(`${VIP}/32`) } as const;
    const gone = { kind: 'address.removed', index: INDEX, address: VIP, prefixLength: 32 } as const;
    expect(rig.handle(added)).toEqual([`foreign ${VIP}/32 on eth0`]);
    expect(rig.handle(added)).toEqual([]);
    rig.handle(gone);
    for (let time = 2; time <= 9; time++) {
      rig.handle(added);
      rig.handle(gone);
    }
    const counts = () =>
      rig.reports.flatMap((one) => (one.kind === 'address-foreign' ? [one.count] : []));
    expect(counts()).toEqual([1, 2, 4, 8]);
    rig.elapse(seconds(400));
    rig.handle(added);
    expect(counts()).toEqual([1, 2, 4, 8, 1]);
  });

  test.each([
    [true, [`renew ${VIP}/32`]],
    [false, [`foreign ${VIP}/32 on eth0`]],
  ])('that exists when it is to be added waits for its mark, which is there: %s', (ours, lines) => {
    const EEXIST = 17;
    const rig = new Rig();
    rig.start();
    rig.errnoOf = () => EEXIST;
    expect(rig.becomeMaster().join()).not.toContain('foreign');
    const address = addressOf(`${VIP}/32`, { ours });
    expect(rig.handle({ kind: 'address.added', index: INDEX, address })).toEqual(lines);
    rig.errnoOf = () => 0;
    expect(rig.handle({ kind: 'shutdown' }).includes(`remove ${VIP}/32`)).toBe(ours);
  });

  test('of an owner is no news', () => {
    const rig = new Rig([{ priority: 255 }]);
    expect(rig.start([linkOf({ addresses: [addressOf(`${VIP}/32`)] })]).join()).not.toContain(
      'foreign',
    );
  });
});
