/** What the links under the VIPs may do: get another MAC address, fail over, become ports of a bridge. */
import { describe, expect, test } from 'vitest';
import { mac } from '../../../src/net/address.ts';
import type { LinkAttributes, LinkState } from '../../../src/net/link.ts';
import { type Duration, milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { addressOf, INDEX, linkOf, NO_GARP, PEER, Rig, VIP, VIP6 } from '../rig.ts';

const { addresses: _, ...ETH0 } = linkOf();
const OTHER_MAC = mac('02:00:00:00:00:99');
const GARP = { ...NO_GARP, repeat: 1 };
const ETH1 = linkOf({ index: 3, name: 'eth1', mac: mac('02:00:00:00:00:03'), addresses: [] });
const VIRTUAL = { interface: 'vr4-55-eth0', mac: mac('00:00:5e:00:01:37') };
const VIRTUAL_LINK = linkOf({
  ...{ index: 9, name: VIRTUAL.interface, mac: VIRTUAL.mac, addresses: [] },
  ...{ up: false, running: false },
});

function master(more: Partial<InstanceSettings> = {}, others = [ETH1]): Rig {
  const rig = new Rig([{ garp: GARP, ...more }], { links: [linkOf(), ...others] });
  rig.start();
  rig.becomeMaster();
  // Bursts are a second apart.
  rig.elapse(seconds(2));
  return rig;
}

function changed(rig: Rig, more: Partial<LinkAttributes>, link: LinkAttributes = ETH0): string[] {
  const { addresses: __, ...attributes } = linkOf({ ...link, ...more });
  return rig.handle({ kind: 'link.changed', link: attributes });
}

describe('FR-C1 another MAC address of the link of the VIPs', () => {
  test('makes a MASTER announce them again, with an event', () => {
    const rig = master();
    expect(changed(rig, { mac: OTHER_MAC })).toEqual([
      'arp request 203.0.113.100',
      'announced again eth0: mac-changed 02:00:00:00:00:02 -> 02:00:00:00:00:99 (web)',
    ]);
    expect(changed(rig, { mac: OTHER_MAC })).toEqual([]);
  });

  test('is in the frames', () => {
    const rig = master();
    rig.engine.notice({ kind: 'link.changed', link: { ...ETH0, mac: OTHER_MAC } });
    const outputs = rig.engine.handle({ kind: 'quiet' }, rig.now);
    const frames = outputs.flatMap((one) => (one.kind === 'frames.send' ? one.frames : []));
    expect(frames.map(({ frame }) => frame[11])).toEqual([0x99]);
  });

  test('is seen in a new dump, too', () => {
    const rig = master();
    const addresses = [addressOf('192.0.2.11/24'), addressOf('203.0.113.100/32', { ours: true })];
    expect(rig.start([linkOf({ mac: OTHER_MAC, addresses })])).toContain(
      'arp request 203.0.113.100',
    );
  });

  test('counts for every instance on the link, in one event', () => {
    const rig = new Rig([{ garp: GARP }, { garp: GARP, name: 'mail', vrid: 56 }]);
    rig.start();
    rig.elapse(seconds(6));
    expect(changed(rig, { mac: OTHER_MAC }).filter((line) => line.startsWith('announced'))).toEqual(
      ['announced again eth0: mac-changed 02:00:00:00:00:02 -> 02:00:00:00:00:99 (web mail)'],
    );
  });

  test('counts where the VIPs are, not where the advertisements are sent', () => {
    const rig = master({ addresses: [{ address: VIP, prefixLength: 32, interface: 'eth1' }] });
    expect(changed(rig, { mac: OTHER_MAC })).toEqual([]);
    expect(changed(rig, { mac: OTHER_MAC }, ETH1)).toContain('arp request 203.0.113.100');
  });

  test('does not make a BACKUP speak', () => {
    const rig = new Rig([{ garp: GARP }]);
    rig.start();
    expect(changed(rig, { mac: OTHER_MAC })).toEqual([]);
  });

  test('that changes again and again is announced once a second and reported 1, 2, 4, 8 times', () => {
    const rig = master();
    const lines: string[] = [];
    for (let i = 0; i < 100; i++) {
      lines.push(
        ...changed(rig, { mac: mac(`02:00:00:00:01:${i.toString(16).padStart(2, '0')}`) }),
      );
      lines.push(...rig.elapse(milliseconds(20)));
    }
    expect(lines.filter((line) => line.startsWith('arp')).length).toBeLessThanOrEqual(3);
    expect(lines.filter((line) => line.startsWith('announced')).length).toBe(7);
    rig.elapse(seconds(301));
    expect(changed(rig, { mac: OTHER_MAC })).toHaveLength(2);
  });

  test('is announced with the burst of a takeover, whatever the policy against rivals is', () => {
    const garp = { ...GARP, repeat: 2, contested: { repeat: 0, secondBurstAfter: 0 as Duration } };
    const rig = master({ garp });
    const lines = [...changed(rig, { mac: OTHER_MAC }), ...rig.elapse(milliseconds(100))];
    expect(lines.filter((line) => line.startsWith('arp'))).toHaveLength(2);
  });

  test('is announced at once soon after the takeover, too', () => {
    const rig = new Rig([{ garp: GARP }]);
    rig.start();
    rig.elapse(milliseconds(3_650));
    expect(rig.state).toBe('MASTER');
    expect(changed(rig, { mac: OTHER_MAC })).toContain('arp request 203.0.113.100');
  });

  test('of the interface under a virtual MAC changes nothing for hosts', () => {
    const addresses = [{ address: VIP, prefixLength: 32, interface: VIRTUAL.interface }];
    const rig = master({ virtualMac: VIRTUAL, addresses }, [VIRTUAL_LINK]);
    expect(changed(rig, { mac: OTHER_MAC })).toEqual([]);
  });
});

test('FR-C2 a virtual MAC link that another program gave another MAC address is made again', () => {
  const addresses = [{ address: VIP, prefixLength: 32, interface: VIRTUAL.interface }];
  const rig = master({ virtualMac: VIRTUAL, addresses }, [VIRTUAL_LINK]);
  expect(changed(rig, { mac: OTHER_MAC }, VIRTUAL_LINK)).toContain('make vr4-55-eth0');
  expect(rig.elapse(seconds(4))).not.toContain('make vr4-55-eth0');
  expect(rig.elapse(seconds(2))).toContain('make vr4-55-eth0');
  expect(changed(rig, {}, VIRTUAL_LINK)).not.toContain('make vr4-55-eth0');
});

describe('FR-C3 a link that is reached through another port', () => {
  const failover = { kind: 'link.changed', link: ETH0, failedOver: true } as const;

  test('makes a MASTER announce its VIPs again, with an event', () => {
    const rig = master();
    expect(rig.handle(failover)).toEqual([
      'arp request 203.0.113.100',
      'announced again eth0: failed-over (web)',
    ]);
    expect(changed(rig, {})).toEqual([]);
  });

  test('counts for the VIPs of a virtual MAC on it', () => {
    const addresses = [{ address: VIP, prefixLength: 32, interface: VIRTUAL.interface }];
    const rig = master({ virtualMac: VIRTUAL, addresses }, [VIRTUAL_LINK]);
    expect(rig.handle(failover)).toContain('arp request 203.0.113.100');
  });
});

describe('FR-C5 a link below the one of the VIPs that is reached through another port', () => {
  const none = { addresses: [] };
  const bond = linkOf({ index: 5, name: 'bond0', portOf: 7, ...none });
  const bridge = linkOf({ index: 7, name: 'br0', ...none });
  const vlan = linkOf({ index: 8, name: 'br0.10', over: 7, ...none });
  const { addresses: __, ...link } = bond;
  const failover = { kind: 'link.changed', link, failedOver: true } as const;

  test.each(['br0', 'br0.10'])('makes a MASTER announce its VIPs on %s', (name) => {
    const addresses = [{ address: VIP, prefixLength: 32, interface: name }];
    const rig = master({ addresses }, [bond, bridge, vlan]);
    expect(rig.handle(failover)).toEqual([
      'arp request 203.0.113.100',
      `announced again ${name}: failed-over (web)`,
    ]);
  });

  test('concerns no VIP beside it', () => {
    expect(master({}, [bond, bridge, vlan]).handle(failover)).toEqual([]);
  });
});

test('FR-C4 forwarding that is switched on is announced, because the Router flag says so', () => {
  const addresses = [{ address: VIP6, prefixLength: 64, interface: 'eth0' }];
  const rig = master({ family: 'ipv6', addresses });
  expect(rig.handle({ kind: 'forwarding.changed', index: INDEX, forwarding: true })).toEqual([
    'na fe80::100',
    'announced again eth0: router-flag-changed (web)',
  ]);
});

describe('FR-I1 an interface that becomes a port of a bridge', () => {
  const { addresses: __, ...BRIDGE } = linkOf({ index: 7, name: 'br0' });

  test('is FAULT with the name of the bridge, and no longer when it leaves', () => {
    const rig = master();
    changed(rig, BRIDGE);
    expect(changed(rig, { portOf: 7 })).toEqual([
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.100/32',
      'MASTER -> FAULT (fault)',
    ]);
    expect(rig.view().faults).toEqual(['port-of:br0']);
    expect(changed(rig, {})).toEqual(['FAULT -> BACKUP (fault-cleared)']);
  });

  test('is FAULT from the start, by number if the bridge is not known', () => {
    const rig = new Rig([{}], { links: [linkOf({ portOf: 7 })] });
    rig.start();
    expect(rig.view().faults).toEqual(['port-of:link 7']);
  });

  test('is FAULT too where the router does not depend on its interface', () => {
    const addresses = [{ address: VIP, prefixLength: 32, interface: 'eth1' }];
    const rig = master({ onInterfaceDown: 'ignore', addresses });
    changed(rig, BRIDGE);
    expect(changed(rig, { portOf: 7 })).toContain('MASTER -> FAULT (fault)');
    expect(rig.view().faults).toEqual(['port-of:br0']);
    expect(changed(rig, {})).toEqual(['FAULT -> BACKUP (fault-cleared)']);
    expect(changed(rig, { running: false })).toEqual([]);
    expect(rig.view().faults).toEqual([]);
  });

  test('counts for the interface of a VIP', () => {
    const rig = master({
      extraAddresses: [{ address: VIP, prefixLength: 32, interface: 'eth1' }],
      secondBurstAfter: 0 as Duration,
    } as Partial<InstanceSettings>);
    changed(rig, BRIDGE);
    changed(rig, { portOf: 7 }, ETH1);
    expect(rig.view().faults).toEqual(['port-of:br0']);
  });
});

describe('FR-I4 the sockets of a link hear nothing any more', () => {
  test('when it was in another namespace between two readings', () => {
    const rig = master();
    rig.engine.notice({ kind: 'link.removed', index: INDEX });
    rig.engine.notice({ kind: 'link.changed', link: ETH0 });
    const lines = rig.turn().filter((line) => line.includes('listen'));
    expect(lines).toEqual(['unlisten 2 ipv4', 'listen eth0 ipv4 55']);
  });

  test.each([
    ['ipv6', 1_279, 1_280, true],
    ['ipv6', 1_280, 1_500, false],
    ['ipv4', 1_279, 1_280, false],
    ['ipv4', 67, 68, true],
  ] as const)(
    'over %s when its MTU has been %i: %i opens others: %s',
    (family, low, high, opens) => {
      const vip6 = { address: VIP6, prefixLength: 64, interface: 'eth0' };
      const rig = master(family === 'ipv6' ? { family, addresses: [vip6] } : {});
      expect(changed(rig, { mtu: low }).join()).not.toContain('listen');
      const lines = changed(rig, { mtu: high }).filter((line) => line.includes('listen'));
      expect(lines).toEqual(opens ? [`unlisten 2 ${family}`, `listen eth0 ${family} 55`] : []);
    },
  );
});

test('FR-I3 an interface below a macvlan in mode passthru is FAULT while that is there', () => {
  const rig = master();
  const { addresses: __, ...tap } = linkOf({ index: 7, name: 'macvtap0', over: INDEX });
  expect(changed(rig, {}, tap)).toEqual([]);
  expect(changed(rig, { takesAll: true }, tap)).toContain('MASTER -> FAULT (fault)');
  expect(rig.view().faults).toEqual(['port-of:macvtap0']);
  expect(rig.handle({ kind: 'link.removed', index: 7 })).toEqual([
    'FAULT -> BACKUP (fault-cleared)',
  ]);
});

describe('FR-L2 an interface that gets another name', () => {
  test('does not keep the VIP', () => {
    const rig = master();
    expect(changed(rig, { name: 'eth9' })).toContain('remove 203.0.113.100/32');
    expect(rig.view().faults).toEqual(['interface-missing']);
  });

  test('keeps what another program gave it, and a BACKUP has nothing to remove', () => {
    const rig = new Rig([{}], { links: [linkOf()] });
    rig.start();
    expect(changed(rig, { name: 'eth9' })).toEqual([
      'unlisten 2 ipv4',
      'BACKUP -> FAULT (interface-down)',
    ]);
  });

  test('and its old one again has the VIP once', () => {
    const rig = master();
    changed(rig, { name: 'eth9' });
    changed(rig, {});
    expect(rig.becomeMaster()).toContain('add 203.0.113.100/32');
    expect(rig.view().faults).toEqual([]);
  });
});

describe('FR-L2 the marked VIP of a link', () => {
  const OURS = addressOf('203.0.113.100/32', { ours: true });
  const renamed = linkOf({ name: 'eth9', addresses: [addressOf('192.0.2.11/24'), OURS] });

  test('that gets two other names at once is removed', () => {
    const rig = master();
    for (const name of ['tmp', 'eth9']) {
      const { addresses: _, ...link } = linkOf({ name });
      rig.engine.notice({ kind: 'link.changed', link });
    }
    const lines = rig.turn();
    expect(lines).toContain('remove 203.0.113.100/32');
    expect(lines).not.toContain('cleaned 203.0.113.100');
  });

  test('that gets another name and its own again at once stays', () => {
    const rig = master();
    for (const name of ['tmp', 'eth0']) {
      const { addresses: _, ...link } = linkOf({ name });
      rig.engine.notice({ kind: 'link.changed', link });
    }
    expect(rig.turn()).toEqual([]);
    expect(rig.state).toBe('MASTER');
  });

  test('that has another name in a new dump is removed', () => {
    const lines = master().start([renamed]);
    expect(lines).toContain('remove 203.0.113.100/32');
    expect(lines).not.toContain('cleaned 203.0.113.100');
  });

  test.each<[string, LinkState[]]>([
    ['before', [renamed]],
    ['during', [linkOf({ addresses: renamed.addresses }), renamed]],
  ])('that gets another name %s a takeover is removed by the next process', (_, [at, ...links]) => {
    const capture = master().engine.capture();
    const next = new Rig([{}], { standby: true });
    const lines = next.start(at === undefined ? [] : [at]);
    for (const { addresses: __, ...link } of links) {
      lines.push(...next.handle({ kind: 'link.changed', link }));
    }
    expect(lines).not.toContain('remove 203.0.113.100/32');
    expect(next.handle({ kind: 'adopt', capture })).toContain('remove 203.0.113.100/32');
  });
});

describe('FR-L3 a link without MAC address', () => {
  const noMac = { mac: mac('00:00:00:00:00:00') };

  test('gets no ARP frames: it would carry them as packets', () => {
    const rig = new Rig([{ garp: GARP }], { links: [linkOf(noMac)] });
    rig.start();
    expect(rig.becomeMaster()).toEqual([
      'add 203.0.113.100/32',
      'advert 100 to 224.0.0.18',
      'BACKUP -> MASTER (master-timeout)',
    ]);
  });

  test('gets no questions about the VIPs', () => {
    const rig = new Rig([{ addressConflict: 'fault' }], { links: [linkOf(noMac)] });
    rig.start();
    rig.becomeMaster();
    expect(rig.elapse(seconds(6)).filter((line) => line.startsWith('arp'))).toEqual([]);
  });

  test('gets no greeting of unicast peers', () => {
    const unicast = { source: undefined, peers: [{ address: PEER, minimumTtl: 255 }] };
    const rig = new Rig([{ unicast }], { links: [linkOf(noMac)] });
    const lines = [...rig.start(), ...rig.becomeMaster()];
    expect(rig.state).toBe('MASTER');
    expect(lines.filter((line) => line.startsWith('arp'))).toEqual([]);
  });
});
