/** Unicast in the surroundings that people have: one list for all directors, a source on `lo`. */
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import { addressOf, advert, linkOf, OWN, PEER, Rig } from '../rig.ts';

const THIRD = ip('192.0.2.13');
const ROUTER_ID = ip('198.51.100.1');
const LO = linkOf({ index: 1, name: 'lo', mac: mac('00:00:00:00:00:00'), addresses: [] });
const ON_LO = { kind: 'address.added', index: 1, address: addressOf('198.51.100.1/32') } as const;

function unicast(source: typeof OWN | undefined, ...peers: (typeof OWN)[]) {
  return { source, peers: peers.map((address) => ({ address, minimumTtl: 255 })) };
}

function adverts(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('advert'));
}

describe('FR-L1 the own address among the unicast peers', () => {
  test('gets no advertisements', () => {
    const rig = new Rig([{ unicast: unicast(undefined, OWN, PEER, THIRD) }]);
    rig.start();
    expect(adverts(rig.becomeMaster())).toEqual([
      'advert 100 to 192.0.2.12',
      'advert 100 to 192.0.2.13',
    ]);
  });

  test('gets none once it is an address of this host', () => {
    const rig = new Rig([{ unicast: unicast(OWN, PEER, ROUTER_ID) }], { links: [linkOf(), LO] });
    rig.start();
    expect(adverts(rig.becomeMaster())).toHaveLength(2);
    rig.handle(ON_LO);
    rig.now = rig.engine.deadline();
    expect(adverts(rig.turn())).toEqual(['advert 100 to 192.0.2.12']);
  });
});

describe('FR-L8 the address of a peer that this host has in another place', () => {
  const peer6 = ip('fe80::12');
  const both = [addressOf('192.0.2.12/24'), addressOf('fe80::12/64')];
  const other = linkOf({ index: 3, name: 'eth1', addresses: both });

  test('gets advertisements if it is link-local there', () => {
    const vip6 = [{ address: ip('fe80::100'), prefixLength: 64, interface: 'eth0' }];
    const settings = {
      family: 'ipv6',
      addresses: vip6,
      unicast: unicast(undefined, peer6),
    } as const;
    const rig = new Rig([settings], { links: [linkOf(), other] });
    rig.start();
    expect(adverts(rig.becomeMaster())).toEqual(['advert 100 to fe80::12']);
  });

  test('gets advertisements if it is in another VRF there', () => {
    const links = [linkOf(), { ...other, vrf: 7 }];
    const rig = new Rig([{ unicast: unicast(undefined, PEER) }], { links });
    rig.start();
    expect(adverts(rig.becomeMaster())).toEqual(['advert 100 to 192.0.2.12']);
  });
});

describe('FR-L5 a unicast source on another link, such as lo', () => {
  test('is used as soon as it is there', () => {
    const rig = new Rig([{ unicast: unicast(ROUTER_ID, PEER) }], { links: [linkOf(), LO] });
    rig.start();
    expect(rig.view().faults).toEqual(['no-address']);
    expect(rig.handle(ON_LO)).toEqual([
      'arp request 192.0.2.11',
      'arp question 192.0.2.12',
      'FAULT -> BACKUP (primary-ip-address)',
    ]);
    rig.becomeMaster();
    expect(rig.view().master?.address).toBe('198.51.100.1');
    const gone = { index: 1, address: ROUTER_ID, prefixLength: 32 };
    expect(rig.handle({ kind: 'address.removed', ...gone })).toContain('advert 0 to 192.0.2.12');
  });

  test('is not one for multicast', () => {
    const rig = new Rig([{ sourceAddress: ROUTER_ID }], { links: [linkOf(), LO] });
    rig.start();
    rig.handle(ON_LO);
    expect(rig.view().faults).toEqual(['no-address']);
  });

  test('hears its peers there', () => {
    const rig = new Rig([{ unicast: unicast(ROUTER_ID, PEER) }], { links: [linkOf(), LO] });
    rig.start();
    rig.handle(ON_LO);
    rig.hear(advert({ destination: ROUTER_ID }));
    expect(rig.view().master?.address).toBe('192.0.2.12');
  });
});

test('unicast leaves with the TTL that is configured, also priority 0', () => {
  const sent = (ttl?: number) => {
    const to = { ...unicast(OWN, PEER), ...(ttl === undefined ? {} : { ttl }) };
    const rig = new Rig([{ unicast: to, priority: 255 }]);
    rig.start();
    rig.now = rig.engine.deadline();
    const outputs = [
      ...rig.engine.handle({ kind: 'wake' }, rig.now),
      ...rig.engine.handle({ kind: 'shutdown' }, rig.now),
    ];
    return outputs.flatMap((output) =>
      output.kind === 'datagrams.send' ? output.datagrams.map(({ packet }) => packet[8]) : [],
    );
  };
  expect(sent(64)).toEqual([64, 64]);
  expect(sent()).toEqual([255, 255]);
});
