/** Specific to IPv6: source addresses, Neighbor Advertisements, and addresses that take the kernel longer. */
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../src/net/address.ts';
import type { LinkState, OutgoingFrame } from '../../src/net/link.ts';
import { type Duration, milliseconds, seconds } from '../../src/net/time.ts';
import type { Output } from '../../src/protocol/engine/outputs.ts';
import type { InstanceSettings } from '../../src/protocol/engine/settings.ts';
import { decodeFrame } from '../../src/wire/frame.ts';
import { decodeIpv6Header } from '../../src/wire/ip.ts';
import { matchingForm } from '../../src/wire/vrrp/checksum.ts';
import {
  addressOf,
  advert,
  answered,
  INDEX,
  linkOf,
  OWN6,
  PEER6,
  Rig,
  type RigOptions,
  VIP6,
} from './rig.ts';

const ONE_ROUND = { repeat: 1, secondBurstAfter: 0 as Duration, refresh: 0 as Duration } as const;
const GARP = { ...ONE_ROUND, form: 'both' } as const;

function routerWith(more: Partial<InstanceSettings> = {}, options: RigOptions = {}): Rig {
  return new Rig([{ family: 'ipv6', garp: GARP, ...more }], options);
}

function withAddresses(...addresses: LinkState['addresses'][number][]): RigOptions {
  return { links: [linkOf({ addresses })] };
}

/** All outputs until the router is MASTER; the kernel obeys. */
function takeOver(rig: Rig): Output[] {
  if (rig.state === 'INIT') rig.start();
  const outputs: Output[] = [];
  while (rig.state !== 'MASTER') {
    rig.now = rig.engine.deadline();
    const pending = [
      ...rig.engine.handle({ kind: 'wake' }, rig.now),
      ...rig.engine.handle({ kind: 'quiet' }, rig.now),
    ];
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      outputs.push(next);
      if (next.kind !== 'kernel.change') continue;
      const answers = next.changes.map(() => answered(0));
      const answer = { kind: 'kernel.changed', id: next.id, answers } as const;
      pending.push(...rig.engine.handle(answer, rig.now));
    }
  }
  return outputs;
}

function datagramsOf(outputs: readonly Output[]): Uint8Array[] {
  return outputs.flatMap((one) =>
    one.kind === 'datagrams.send' ? one.datagrams.map(({ packet }) => packet) : [],
  );
}

function announcementsOf(outputs: readonly Output[]) {
  const frames = outputs.flatMap((one): readonly OutgoingFrame[] =>
    one.kind === 'frames.send' ? one.frames : [],
  );
  return frames.map(({ frame }) => {
    const decoded = decodeFrame(frame);
    if (decoded.kind !== 'neighbor-advertisement') throw new Error(decoded.kind);
    return decoded;
  });
}

describe('the source of IPv6 advertisements', () => {
  test('P-05 is the link-local address of the interface, whatever precedes it', () => {
    const rig = routerWith(
      {},
      withAddresses(
        addressOf('2001:db8::11/64'),
        addressOf('fe80::100/128'),
        addressOf('fe80::11/64'),
      ),
    );
    const [packet = new Uint8Array(0)] = datagramsOf(takeOver(rig));
    const header = decodeIpv6Header(packet, 0, packet.length);
    expect(header.ok && header.value).toMatchObject({
      source: OWN6,
      destination: 'ff02::12',
      ttl: 255,
      protocol: 112,
    });
  });

  test('C-02 has a checksum with the pseudo-header, which the configuration cannot choose', () => {
    const [packet = new Uint8Array(0)] = datagramsOf(takeOver(routerWith()));
    expect(matchingForm(packet, 40, packet.length - 40, 'ipv6')).toBeDefined();
  });

  test('is never virtual, not even for the address owner', () => {
    const rig = routerWith({ priority: 255 }, withAddresses(addressOf('fe80::100/64')));
    rig.start();
    expect(rig.view().faults).toEqual(['no-link-local']);
  });

  test('is never a VIP that a former run left behind', () => {
    const left = addressOf('fe80::77/128', { ours: true });
    const rig = routerWith({}, withAddresses(left));
    rig.start();
    expect(rig.view().faults).toEqual(['no-link-local']);
  });

  test('is the configured one', () => {
    const addresses = [addressOf('fe80::11/64'), addressOf('fe80::99/64')];
    const rig = routerWith({ sourceAddress: ip('fe80::99') }, withAddresses(...addresses));
    takeOver(rig);
    expect(rig.view().master?.address).toBe('fe80::99');
  });

  test('is global where the unicast peers are', () => {
    const addresses = [addressOf('fe80::11/64'), addressOf('2001:db8::11/64')];
    const peers = [{ address: ip('2001:db8::12'), minimumTtl: 255 }];
    const rig = routerWith({ unicast: { source: undefined, peers } }, withAddresses(...addresses));
    takeOver(rig);
    expect(rig.view().master?.address).toBe('2001:db8::11');
  });

  test.each([
    ['no-link-local', []],
    ['no-link-local', [addressOf('2001:db8::11/64')]],
    ['link-local-tentative', [addressOf('fe80::11/64', { tentative: true })]],
    ['link-local-duplicate', [addressOf('fe80::11/64', { tentative: true, duplicate: true })]],
  ])('that is missing is a FAULT with the reason %s', (reason, addresses) => {
    const rig = routerWith({}, withAddresses(...addresses));
    expect(rig.start()).toContain('INIT -> FAULT (no-primary-ip-address)');
    expect(rig.view().faults).toEqual([reason]);
    const address = addressOf('fe80::11/64');
    expect(rig.handle({ kind: 'address.added', index: INDEX, address })).toEqual([
      'FAULT -> BACKUP (primary-ip-address)',
    ]);
  });

  test('that detection finds in use changes the reason', () => {
    const address = addressOf('fe80::11/64', { tentative: true });
    const rig = routerWith({}, withAddresses(address));
    rig.start();
    rig.handle({ kind: 'address.added', index: INDEX, address: { ...address, duplicate: true } });
    expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['link-local-duplicate'] });
  });
});

describe('Neighbor Advertisements', () => {
  const flags = (router: boolean | 'auto', forwarding: boolean | undefined) => {
    const link = linkOf(forwarding === undefined ? {} : { forwarding });
    const rig = routerWith({ neighborAdvertisement: { router } }, { links: [link] });
    return announcementsOf(takeOver(rig))[0]?.advertisement;
  };

  test('F-B7 announce each VIP: from the VIP, to all nodes, overriding, unsolicited', () => {
    const [announcement] = announcementsOf(takeOver(routerWith()));
    expect(announcement?.ip).toMatchObject({ source: VIP6, destination: 'ff02::1', ttl: 255 });
    expect(announcement?.advertisement).toMatchObject({
      target: VIP6,
      targetMac: linkOf().mac,
      override: true,
      solicited: false,
    });
  });

  test.each([
    ['auto', true, true],
    ['auto', false, false],
    ['auto', undefined, false],
    [true, false, true],
    [false, true, false],
  ] as const)(
    'M-14 with router: %s on an interface that forwards: %s say %s',
    (router, is, says) => {
      expect(flags(router, is)?.router).toBe(says);
    },
  );

  test('have the router flag of the interface, and none while its forwarding is unknown', () => {
    const rig = routerWith({ garp: { ...GARP, refresh: seconds(1) } });
    rig.start();
    rig.handle({ kind: 'forwarding.changed', index: INDEX, forwarding: true });
    const { addresses: _, ...link } = linkOf({ mtu: 1_400 });
    rig.handle({ kind: 'link.changed', link });
    const [announcement] = announcementsOf(takeOver(rig));
    expect(announcement?.advertisement.router).toBe(true);
  });

  test('F-B2 are not sent by a BACKUP', () => {
    const rig = routerWith();
    rig.start();
    const lines = [0, 1, 2, 3, 4].flatMap(() => [
      ...rig.hear(advert({ source: PEER6 })),
      ...rig.elapse(seconds(1)),
    ]);
    expect(lines.filter((line) => line.startsWith('na '))).toEqual([]);
  });

  test('of another host for a VIP are reported', () => {
    const rig = routerWith();
    takeOver(rig);
    const claim = { kind: 'address.claimed', index: INDEX, address: VIP6 } as const;
    expect(rig.handle({ ...claim, mac: mac('02:00:00:00:00:99') })).toEqual([
      `conflict ${VIP6} at 02:00:00:00:00:99`,
    ]);
  });
});

/** MASTER from the start, with an advertisement each 10 ms. */
const BUSY = {
  name: 'other',
  vrid: 1,
  priority: 255,
  advertisementInterval: milliseconds(10),
} as const;

/** The first is link-local. */
function manyAddresses(count: number, host = 1) {
  return Array.from({ length: count }, (_, i) => ({
    address: ip(i === 0 ? `fe80::${host}00` : `2001:db8:${host}::${i.toString(16)}`),
    prefixLength: 128,
    interface: 'eth0',
  }));
}

describe('many IPv6 addresses', () => {
  const addresses = manyAddresses(80);
  const isAdd = (line: string) => line.startsWith('add ');
  const isAnnouncement = (line: string) => line.startsWith('na ');

  /** One turn of the loop at the present deadline, and its lines. */
  function turn(rig: Rig): string[] {
    rig.now = rig.engine.deadline();
    return rig.turn();
  }

  function masterInTurns(rig: Rig): string[][] {
    rig.start();
    const turns: string[][] = [];
    while (turns.flat().filter(isAdd).length < 80) turns.push(turn(rig));
    return turns.filter((lines) => lines.some(isAdd));
  }

  function counted(turns: readonly string[][], isOne: (line: string) => boolean): number[] {
    return turns.map((lines) => lines.filter(isOne).length);
  }

  test('are added some in each turn, the first ones before the takeover, all of them in time', () => {
    const rig = routerWith({ addresses });
    rig.start();
    const begin = rig.engine.deadline();
    expect(counted(masterInTurns(rig), isAdd)).toEqual([16, 16, 16, 16, 16]);
    expect(rig.now).toBe(begin);
    expect(rig.engine.deadline()).toBeGreaterThan(rig.now);
  });

  test('M-05 are announced as they arrive, each once in the first round', () => {
    const announced = masterInTurns(routerWith({ addresses })).map((all) =>
      all.filter(isAnnouncement),
    );
    expect(announced.map(({ length }) => length)).toEqual([16, 16, 16, 16, 16]);
    expect(new Set(announced.flat()).size).toBe(80);
  });

  test('of two routers are announced as they arrive', () => {
    const one = { family: 'ipv6' as const, garp: GARP, addresses: manyAddresses(2) };
    const rig = new Rig([one, { ...one, name: 'many', vrid: 56, addresses: manyAddresses(80, 2) }]);
    const turns = masterInTurns(rig);
    turns.push(turn(rig));
    expect(counted(turns, isAnnouncement)).toEqual([16, 16, 16, 16, 16, 2]);
  });

  test('do not delay an advertisement of another router that is due meanwhile', () => {
    const rig = new Rig([{ family: 'ipv6', garp: GARP, addresses }, BUSY]);
    rig.start();
    while (!turn(rig).some(isAdd));
    rig.freeze(milliseconds(10));
    const lines = rig.turn();
    expect(lines.filter(isAdd)).toHaveLength(16);
    expect(lines.some((line) => line.startsWith('advert 255'))).toBe(true);
  });

  test('are announced again in parts, with due advertisements between them', () => {
    const garp = { ...GARP, repeat: 2 };
    const one = { family: 'ipv6' as const, garp, addresses: manyAddresses(255) };
    const other = { ...one, name: 'second', vrid: 56, addresses: manyAddresses(255, 2) };
    const rig = new Rig([one, other, BUSY]);
    rig.start();
    const first: string[] = [];
    while (first.filter(isAnnouncement).length < 510) first.push(...turn(rig));
    rig.elapse(milliseconds(19.9));
    rig.freeze(milliseconds(0.2));
    const parts = [rig.turn()];
    rig.freeze(milliseconds(10));
    parts.push(rig.turn());
    expect(counted(parts, isAnnouncement)).toEqual([256, 254]);
    expect(parts[1]?.[0]).toMatch(/^advert 255/);
    expect(new Set(parts.flat().filter(isAnnouncement)).size).toBe(510);
  });

  test('that are lost between two parts are no longer announced', () => {
    const rig = routerWith({ addresses: manyAddresses(255) });
    rig.start();
    while (!turn(rig).some(isAnnouncement));
    const lines = rig.hear(advert({ source: PEER6, priority: 200, addresses: [VIP6] }));
    lines.push(...rig.elapse(milliseconds(50)));
    expect(lines.filter(isAnnouncement)).toEqual([]);
  });

  test('that are no longer wanted are not added, and all are released', () => {
    const rig = routerWith({ addresses });
    rig.start();
    while (!turn(rig).some(isAdd));
    const lines = rig.hear(advert({ source: PEER6, priority: 200, addresses: [VIP6] }));
    lines.push(...rig.elapse(milliseconds(1)));
    expect(lines.filter(isAdd)).toEqual([]);
    expect(lines.filter((line) => line.startsWith('remove '))).toHaveLength(16);
  });

  test('whose removal the kernel refuses are removed later, not immediately', () => {
    const rig = routerWith({ addresses });
    masterInTurns(rig);
    rig.errnoOf = () => 105;
    const lines = rig.hear(advert({ source: PEER6, priority: 200, addresses: [VIP6] }));
    lines.push(...rig.elapse(milliseconds(400)));
    expect(lines.filter((line) => line.startsWith('remove '))).toHaveLength(80);
  });

  test('are advertised in fragments where the packet exceeds the MTU, and count as one', () => {
    const rig = routerWith({ addresses: manyAddresses(255) });
    const packets = datagramsOf(takeOver(rig));
    expect(packets.map(({ length }) => length)).toEqual([1_496, 1_496, 1_240]);
    expect(rig.count('advertisement-sent')).toBe(1);
    // Peers on the segment may not accept jumbo frames: a longer frame would be lost.
    const { addresses: _, ...jumbo } = linkOf({ mtu: 9_000 });
    rig.handle({ kind: 'link.changed', link: jumbo });
    let later: Uint8Array[] = [];
    while (later.length === 0) {
      rig.now = rig.engine.deadline();
      later = datagramsOf(rig.engine.handle({ kind: 'wake' }, rig.now));
    }
    expect(later).toHaveLength(3);
  });
});

test('IPv4 and IPv6 routers of one VRID live side by side', () => {
  const rig = new Rig([{}, { name: 'web6', family: 'ipv6' }]);
  expect(rig.start()).toEqual([
    'listen eth0 ipv4 55',
    'listen eth0 ipv6 55',
    'INIT -> BACKUP (startup)',
    'INIT -> BACKUP (startup)',
  ]);
  for (let i = 0; i < 5; i++) {
    rig.hear(advert({ source: PEER6 }));
    rig.elapse(seconds(1));
  }
  expect([rig.view(0).state, rig.view(1).state]).toEqual(['MASTER', 'BACKUP']);
});
