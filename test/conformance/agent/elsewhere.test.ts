/** VIPs that another program has put elsewhere on this host: RFC 9568 section 6.4.2 forbids to answer for them. */
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import type { LinkState } from '../../../src/net/link.ts';
import { seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { addressOf, advert, INDEX, linkOf, Rig, VIP, VIP6 } from '../rig.ts';

const LO = linkOf({ index: 1, name: 'lo', mac: mac('00:00:00:00:00:00'), addresses: [] });
const ON_LO = { kind: 'address.added', index: 1, address: addressOf('203.0.113.100/32') } as const;
const OFF_LO = { kind: 'address.removed', index: 1, address: VIP, prefixLength: 32 } as const;
const STRAY = { address: '203.0.113.100/32', interface: 'lo', wire: 'eth0' };

function started(more: Partial<InstanceSettings> = {}, links: readonly LinkState[] = [LO]): Rig {
  const rig = new Rig([more], { links: [linkOf(), ...links] });
  rig.start();
  return rig;
}

describe('FR-J1 a VIP on another interface of this host', () => {
  test('is reported and shown while it is there', () => {
    const rig = started();
    expect(rig.handle(ON_LO)).toEqual(['203.0.113.100/32 is also on lo']);
    expect(rig.view().strays).toEqual([STRAY]);
    expect(rig.handle(OFF_LO)).toEqual(['203.0.113.100/32 is no longer on lo']);
    expect(rig.view().strays).toEqual([]);
  });

  test('is found at start, and stays', () => {
    const rig = new Rig([{}], { links: [linkOf(), { ...LO, addresses: [ON_LO.address] }] });
    expect(rig.start()).toContain('203.0.113.100/32 is also on lo');
    expect(rig.becomeMaster()).not.toContain('remove 203.0.113.100/32');
  });

  test.each([
    ['of the same segment perhaps', {}, 'mv0'],
    ['that no host asks', { silent: true } as const, 'eth0'],
  ])('is asked for on the other interface itself, or not: one %s', (_, more, wire) => {
    const addresses = [addressOf('203.0.113.100/32')];
    const rig = started({}, [linkOf({ index: 3, name: 'mv0', addresses, ...more })]);
    expect(rig.view().strays).toEqual([{ address: '203.0.113.100/32', interface: 'mv0', wire }]);
  });

  test('is reported the 1st, 2nd, 4th time that it comes', () => {
    const rig = started();
    const lines = Array.from({ length: 5 }, () => [rig.handle(ON_LO), rig.handle(OFF_LO)].flat());
    expect(lines.map(({ length }) => length)).toEqual([2, 2, 0, 2, 0]);
  });

  test('is found with another prefix length on the interface itself', () => {
    const rig = started();
    rig.handle({ kind: 'address.added', index: INDEX, address: addressOf('203.0.113.100/25') });
    expect(rig.view().strays).toEqual([
      { ...STRAY, address: '203.0.113.100/25', interface: 'eth0' },
    ]);
  });

  test('below a virtual MAC, on its interface, is one of them', () => {
    const virtualMac = { interface: 'vr4-55-eth0', mac: mac('00:00:5e:00:01:37') };
    const addresses = [{ address: VIP, prefixLength: 32, interface: virtualMac.interface }];
    const rig = started({ virtualMac, addresses });
    rig.handle({ kind: 'address.added', index: INDEX, address: addressOf('203.0.113.100/32') });
    expect(rig.view().strays).toEqual([{ ...STRAY, interface: 'eth0' }]);
  });

  test.each<[string, Partial<InstanceSettings>, Parameters<typeof addressOf>]>([
    ['of the owner of the addresses', { priority: 255 }, ['203.0.113.100/32']],
    ['that is no VIP', {}, ['203.0.113.101/32']],
    ['with our mark', {}, ['203.0.113.100/32', { ours: true }]],
  ])('is none of them when it is an address %s', (_, more, address) => {
    const rig = started(more);
    expect(rig.handle({ ...ON_LO, address: addressOf(...address) })).toEqual([]);
    expect(rig.view().strays).toEqual([]);
  });

  test('is none of them when a second instance has it there', () => {
    const there = [{ address: VIP, prefixLength: 32, interface: 'lo' }];
    const rig = new Rig([{}, { name: 'two', vrid: 56, addresses: there }], {
      links: [linkOf(), LO],
    });
    rig.start();
    rig.becomeMaster();
    expect([rig.view(0).strays, rig.view(1).strays]).toEqual([[], []]);
  });

  test('goes with the VIP when that leaves the configuration', () => {
    const rig = started({
      addresses: [{ address: ip('203.0.113.7'), prefixLength: 32, interface: 'eth0' }],
    });
    expect(rig.handle(ON_LO)).toEqual([]);
  });
});

describe('FR-H the VIP of an instance that has left the file since the former run', () => {
  test.each([
    [true, ['remove 203.0.113.7/32', 'cleaned 203.0.113.7']],
    [false, []],
  ])('is removed at the start if it has the mark: %s', (ours, expected) => {
    const addresses = [addressOf('192.0.2.11/24'), addressOf('203.0.113.7/32', { ours })];
    const rig = new Rig([{}, { name: 'two', vrid: 56 }], { links: [linkOf({ addresses })] });
    const lines = rig.start().filter((line) => line.includes('203.0.113.7'));
    expect(lines).toEqual(expected);
  });
});

describe('FR-J7 a prefix on lo, all of which is local', () => {
  test.each([
    ['with a VIP in it', '203.0.113.7/24', [{ ...STRAY, address: '203.0.113.7/24' }]],
    ['without one', '198.51.100.7/24', []],
    ['of the loopback network', '127.0.0.1/8', []],
    ['that is a single host', '203.0.113.7/32', []],
  ])('is shown: one %s', (_, text, expected) => {
    const rig = started({}, [{ ...LO, silent: true, addresses: [addressOf(text)] }]);
    expect(rig.view().strays).toEqual(expected);
  });

  test('is none on another link', () => {
    const dummy = linkOf({ index: 3, name: 'd0', addresses: [addressOf('203.0.113.7/24')] });
    expect(started({}, [dummy]).view().strays).toEqual([]);
  });
});

describe('FR-J6 a VIP in a VRF of this host', () => {
  const BLUE = 7;
  const addresses = [addressOf('203.0.113.100/32')];
  const places: [string, LinkState][] = [
    ['on an interface of it', linkOf({ index: 8, name: 'eth8', vrf: BLUE, addresses })],
    [
      'on the VRF itself',
      linkOf({ index: BLUE, name: 'blue', vrf: BLUE, silent: true, addresses }),
    ],
  ];

  test.each(places)('is none for hosts outside: one %s', (_, link) => {
    const rig = started({}, [link]);
    expect(rig.view().strays).toEqual([]);
  });

  test.each(places)('is one for the hosts of the VRF: one %s', (_, link) => {
    const rig = new Rig([{}], { links: [linkOf({ vrf: BLUE }), link] });
    rig.start();
    expect(rig.view().strays).toMatchObject([{ interface: link.name }]);
  });

  test('is one on lo, whose addresses every VRF has', () => {
    const rig = new Rig([{}], { links: [linkOf({ vrf: BLUE }), { ...LO, addresses }] });
    rig.start();
    expect(rig.view().strays).toEqual([STRAY]);
  });
});

describe('FR-J4 an IPv6 VIP with another prefix length than the configured one', () => {
  const EEXIST = 17;
  const added = {
    kind: 'address.added',
    index: INDEX,
    address: addressOf('fe80::100/112'),
  } as const;
  const gone = { kind: 'address.removed', index: INDEX, address: VIP6, prefixLength: 112 } as const;
  const shown = [{ address: 'fe80::100/112', interface: 'eth0', wire: 'eth0' }];

  test('is in the place of the VIP, because a link has an address once', () => {
    const rig = started({ family: 'ipv6' }, []);
    expect(rig.handle(added)).toEqual(['foreign fe80::100/112 on eth0']);
    expect(rig.view().strays).toEqual(shown);
    expect(rig.handle(gone)).toEqual(['fe80::100/112 is no longer on eth0']);
  });

  test.each(['before', 'after'])(
    'is missed when it goes, if the kernel reports it %s it is refused',
    (when) => {
      const rig = started({ family: 'ipv6' }, []);
      rig.errnoOf = () => EEXIST;
      if (when === 'before') rig.handle(added);
      rig.becomeMaster();
      if (when === 'after') rig.handle(added);
      rig.errnoOf = () => 0;
      expect(rig.state).toBe('MASTER');
      expect(rig.handle(gone)).toContain('add fe80::100/128');
    },
  );

  test('of this program is removed by a BACKUP', () => {
    const ours = addressOf('fe80::100/112', { ours: true });
    const rig = started({ family: 'ipv6' }, []);
    expect(rig.handle({ ...added, address: ours })).toContain('remove fe80::100/112');
  });
});

describe('FR-H an IPv6 VIP that another program has added while another director had it', () => {
  const EEXIST = 17;
  const added = {
    kind: 'address.added',
    index: INDEX,
    address: addressOf('fe80::100/64', { tentative: true, duplicate: true }),
  } as const;
  const gone = { kind: 'address.removed', index: INDEX, address: VIP6, prefixLength: 64 } as const;

  test('does not answer: the director is in FAULT with the command, until it is removed', () => {
    const rig = started({ family: 'ipv6' }, []);
    rig.handle(added);
    expect(rig.state).toBe('BACKUP');
    rig.errnoOf = () => EEXIST;
    expect(rig.becomeMaster()).toContain('MASTER -> FAULT (no-virtual-ip-addresses)');
    expect(rig.view().faults).toEqual(['address-failed']);
    const [failure] = rig.reports.filter(({ kind }) => kind === 'address-failed');
    expect(failure).toMatchObject({
      text: expect.stringMatching(/dadfailed.*: ip addr del fe80::100\/64 dev eth0$/),
    });
    rig.errnoOf = () => 0;
    rig.handle(gone);
    rig.elapse(seconds(10));
    expect(rig.state).toBe('MASTER');
  });

  test('serves if detection ends well', () => {
    const rig = started({ family: 'ipv6' }, []);
    rig.handle({ ...added, address: addressOf('fe80::100/64', { tentative: true }) });
    rig.becomeMaster();
    expect(rig.state).toBe('MASTER');
  });
});

describe('FR-J5 a VIP that is the near end of a point-to-point address', () => {
  const peer = ip('198.51.100.9');
  const added = {
    kind: 'address.added',
    index: INDEX,
    address: addressOf('203.0.113.100/32', { peer }),
  } as const;

  test('is another address than the VIP, with the command that removes it', () => {
    const rig = started({}, []);
    const text = '203.0.113.100 peer 198.51.100.9/32';
    expect(rig.handle(added)).toEqual([`${text} is also on eth0`]);
    expect(rig.view().strays).toEqual([{ address: text, interface: 'eth0', wire: 'eth0' }]);
    const gone = {
      ...added,
      kind: 'address.removed',
      address: VIP,
      prefixLength: 32,
      peer,
    } as const;
    expect(rig.handle(gone)).toEqual([`${text} is no longer on eth0`]);
  });

  test('does not keep a BACKUP from removing its own', () => {
    const rig = started({}, []);
    rig.becomeMaster();
    rig.handle(added);
    expect(rig.hear(advert({ priority: 200, addresses: [VIP] }))).toContain(
      'remove 203.0.113.100/32',
    );
  });
});

describe('FR-H a VIP that another program has put where the configuration has it', () => {
  const added = {
    kind: 'address.added',
    index: INDEX,
    address: addressOf('203.0.113.100/32'),
  } as const;
  const gone = { kind: 'address.removed', index: INDEX, address: VIP, prefixLength: 32 } as const;
  const shown = [{ address: '203.0.113.100/32', interface: 'eth0', wire: 'eth0' }];

  test('of a BACKUP is reported once and shown while it is there', () => {
    const rig = started({}, []);
    expect(rig.handle(added)).toEqual(['foreign 203.0.113.100/32 on eth0']);
    expect(rig.view().strays).toEqual(shown);
    expect(rig.handle(gone)).toEqual(['203.0.113.100/32 is no longer on eth0']);
    expect(rig.view().strays).toEqual([]);
  });

  test('is shown with the prefix length of the configuration, at start, and for a MASTER', () => {
    const address = addressOf('203.0.113.100/24');
    const addresses = [{ address: VIP, prefixLength: 24, interface: 'eth0' }];
    const rig = new Rig([{ addresses }], {
      links: [linkOf({ addresses: [addressOf('192.0.2.11/24'), address] })],
    });
    rig.start();
    rig.becomeMaster();
    expect(rig.view().strays).toEqual([
      { address: '203.0.113.100/24', interface: 'eth0', wire: 'eth0' },
    ]);
  });

  test('is not shown for what the agent has added, or for an owner', () => {
    const rig = started({}, []);
    rig.becomeMaster();
    rig.handle({ ...added, address: addressOf('203.0.113.100/32', { ours: true }) });
    expect(rig.view().strays).toEqual([]);
    const owner = started({ priority: 255 }, []);
    owner.handle(added);
    expect(owner.view().strays).toEqual([]);
  });
});
