import { describe, expect, test } from 'vitest';
import type { Advert, Facts } from '../../../../src/lab/judge/observe.ts';
import { firstFragmentIn } from '../../../../src/lab/judge/observe.ts';
import { takeoversIn } from '../../../../src/lab/judge/takeovers.ts';
import { ip, mac } from '../../../../src/net/address.ts';
import { encodeEthernetFrame } from '../../../../src/wire/ethernet.ts';
import { encodeIpv6Packet } from '../../../../src/wire/ip.ts';
import { fragmentIpv6Packet } from '../../../../src/wire/ipv6-fragments.ts';

const VIP = ip('192.0.2.100');
const SECOND_VIP = ip('192.0.2.101');

function advert(node: string, at: number, more: Partial<Advert> = {}): Advert {
  return { at, node, vrid: 55, priority: 100, interval: 100, ...more };
}

function facts(more: Partial<Facts>): Facts {
  const none = { adverts: [], announcements: [], arpAnswers: [], echoAnswers: [] };
  return { ...none, echoes: new Map(), ...more };
}

function asked(addresses = [VIP]) {
  const routers = [{ vrid: 55, addresses }];
  return {
    ...{ vrid: 55, address: VIP, end: 2_000 },
    routers: new Map([
      ['lb1', routers],
      ['lb2', routers],
    ]),
  };
}

const CRASH = facts({
  adverts: [advert('lb1', 100), advert('lb1', 200), advert('lb2', 560), advert('lb2', 660)],
  announcements: [
    { at: 565, node: 'lb2', address: VIP },
    { at: 580, node: 'lb2', address: SECOND_VIP },
    { at: 600, node: 'lb2', address: VIP },
  ],
  echoes: new Map([
    [
      'client',
      [
        { sentAt: 150, answeredAt: 151 },
        { sentAt: 570, answeredAt: 571 },
        { sentAt: 569, answeredAt: 572 },
      ],
    ],
  ]),
});

describe('a takeover', () => {
  test('lasts from the last advertisement of one MASTER to the first answer of the next', () => {
    expect(takeoversIn(CRASH, asked())).toEqual([
      {
        ...{ node: 'lb2', from: 'lb1', resigned: false },
        ...{ last_advert: 200, first_advert: 560 },
        ...{ first_announcement: 565, first_answer: 571, slowest_announcement: 365 },
      },
    ]);
  });

  test('is as slow as the announcement of its slowest address', () => {
    const [found] = takeoversIn(CRASH, asked([VIP, SECOND_VIP]));
    expect(found?.slowest_announcement).toBe(380);
  });

  test('has no slowest announcement if an address was never announced', () => {
    const [found] = takeoversIn(CRASH, asked([VIP, ip('192.0.2.102')]));
    expect(found?.slowest_announcement).toBeNull();
  });

  test('after priority 0 follows a resignation', () => {
    const adverts = [
      advert('lb1', 100),
      advert('lb1', 150, { priority: 0 }),
      advert('lb2', 160),
      advert('lb2', 260),
    ];
    const [found] = takeoversIn(facts({ adverts }), asked());
    expect(found).toMatchObject({ resigned: true, last_advert: 150, first_answer: null });
  });

  test('is counted for each change of MASTER of the watched router only', () => {
    const adverts = [
      ...[advert('lb1', 100), advert('lb2', 120, { vrid: 7 }), advert('lb2', 600)],
      ...[advert('lb2', 700), advert('lb1', 710)],
    ];
    const found = takeoversIn(facts({ adverts }), asked());
    expect(found.map(({ node, first_advert }) => [node, first_advert])).toEqual([
      ['lb2', 600],
      ['lb1', 710],
    ]);
  });

  test('does not include a MASTER that paused and continued', () => {
    const adverts = [advert('lb1', 100), advert('lb2', 500), advert('lb2', 1_200)];
    expect(takeoversIn(facts({ adverts }), asked())).toHaveLength(1);
  });

  test('does not include the first MASTER', () => {
    expect(takeoversIn(facts({ adverts: [advert('lb1', 100)] }), asked())).toEqual([]);
  });
});

describe('a fragmented advertisement', () => {
  const message = new Uint8Array(8 + 255 * 16);
  message.set([0x31, 55, 150, 255, 0x00, 10]);
  const header = {
    source: ip('fe80::11'),
    destination: ip('ff02::12'),
    hopLimit: 255,
    trafficClass: 0xc0,
  };
  const packet = encodeIpv6Packet({ ...header, nextHeader: 112 }, message);
  const ends = { source: mac('02:00:00:00:00:01'), destination: mac('33:33:00:00:00:12') };
  const frames = fragmentIpv6Packet(packet, 1_500, 1).map((part) =>
    encodeEthernetFrame({ ...ends, etherType: 0x86dd }, part),
  );

  test('is recognised by its first fragment', () => {
    expect(frames.map(firstFragmentIn)).toEqual([
      { vrid: 55, priority: 150, interval: 100_000 },
      undefined,
      undefined,
    ]);
  });

  test('is not found in a shorter frame or in a whole packet', () => {
    const [first = new Uint8Array()] = frames;
    expect(firstFragmentIn(first.subarray(0, 60))).toBeUndefined();
    expect(
      firstFragmentIn(encodeEthernetFrame({ ...ends, etherType: 0x86dd }, packet)),
    ).toBeUndefined();
  });
});
