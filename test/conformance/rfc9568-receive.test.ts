import { describe, expect, test } from 'vitest';
import { type IpAddress, ip } from '../../src/net/address.ts';
import { centiseconds, seconds } from '../../src/net/time.ts';
import type { InstanceSettings } from '../../src/protocol/engine/settings.ts';
import { advert, type Bend, INDEX, linkOf, OWN6, PEER, PEER6, Rig, VIP } from './rig.ts';

/** A BACKUP that has heard one good advertisement, so that there is a timer to disturb. */
function listener(more = {}): Rig {
  const rig = new Rig([more]);
  rig.start();
  const isIpv6 = rig.view().family === 'ipv6';
  rig.hear(advert({ source: isIpv6 ? PEER6 : PEER, version: rig.view().version }));
  rig.elapse(seconds(1));
  return rig;
}

function pictureOf(rig: Rig): unknown {
  return [rig.view(), rig.engine.deadline()];
}

/** The packet is refused for the reason, is counted, and changes nothing. */
function expectRefused(rig: Rig, packet: Uint8Array, reason: string): void {
  const before = pictureOf(rig);
  const received = rig.count('advertisement-rcvd');
  expect(rig.hear(packet)).toEqual([`discard ${reason}`]);
  expect(pictureOf(rig)).toEqual(before);
  expect(rig.count('advertisement-rcvd')).toBe(received);
}

function setByte(position: number, value: number): Bend {
  return (message) => {
    message[position] = value;
    return message;
  };
}

describe('RFC 9568 section 7.1: a packet that fails a check touches no timer and no state', () => {
  test.each([254, 1, 0])('R-01 TTL %i', (ttl) => {
    const rig = listener();
    expectRefused(rig, advert({ ttl }), 'ip-ttl-error');
    expect(rig.count('ip-ttl-errors')).toBe(1);
  });

  test('R-01 Hop Limit 254', () => {
    expectRefused(
      listener({ family: 'ipv6' }),
      advert({ source: PEER6, ttl: 254 }),
      'ip-ttl-error',
    );
  });

  test('R-02 another version', () => {
    const rig = listener();
    expectRefused(rig, advert({ version: 2 }), 'version-error');
    expectRefused(rig, advert({ bend: setByte(0, 0x41) }), 'version-error');
    expect(rig.count('version-errors')).toBe(2);
  });

  test('R-03 another type', () => {
    const rig = listener();
    expectRefused(rig, advert({ bend: setByte(0, 0x32) }), 'invalid-type');
    expect(rig.count('invalid-type-pkts-rcvd')).toBe(1);
  });

  test('R-03 a protocol other than VRRP', () => {
    expectRefused(listener(), advert({ protocol: 89 }), 'invalid-type');
  });

  test.each([
    ['cut off', (message: Uint8Array) => message.slice(0, -1)],
    ['of eight bytes', (message: Uint8Array) => message.slice(0, 8)],
    ['of two bytes', (message: Uint8Array) => message.slice(0, 2)],
    ['too long', (message: Uint8Array) => Uint8Array.of(...message, 0, 0, 0, 0)],
  ])('R-04 a message that is %s', (_, bend) => {
    const rig = listener();
    expectRefused(rig, advert({ bend }), 'packet-length-error');
    expect(rig.count('packet-length-errors')).toBe(1);
  });

  test('R-05 a wrong checksum', () => {
    const rig = listener();
    expectRefused(rig, advert({ bend: setByte(6, 0x12) }), 'checksum-error');
    expect(rig.count('checksum-errors')).toBe(1);
  });

  test.each([
    ['rfc9568', 'pseudo_header'],
    ['pseudo_header', 'rfc9568'],
  ] as const)('R-05 with checksum %s the form %s is wrong', (checksum, form) => {
    const rig = new Rig([{ checksum }]);
    rig.start();
    expectRefused(rig, advert({ form }), 'checksum-error');
    expect(rig.hear(advert({ form: checksum }))).toEqual([]);
    expect(rig.count('advertisement-rcvd')).toBe(1);
  });

  test('R-06 a VRID that is not configured is counted in the global row', () => {
    const rig = listener();
    const before = pictureOf(rig);
    expect(rig.hear(advert({ vrid: 56 }))).toEqual(['discard vrid-error']);
    expect(rig.count('vrid-errors', 0)).toBe(1);
    expect(rig.count('vrid-errors')).toBe(0);
    expect(pictureOf(rig)).toEqual(before);
  });

  test('R-06 the VRID belongs to an interface and a family', () => {
    const rig = new Rig([{ interface: 'eth0' }]);
    rig.start([linkOf(), linkOf({ index: 3, name: 'eth1' })]);
    expect(rig.hear(advert({ source: PEER6 }))).toEqual(['discard vrid-error']);
    const packet = advert();
    rig.engine.receive(INDEX + 1, packet, packet.length, rig.now);
    expect(rig.handle({ kind: 'quiet' })).toEqual(['discard vrid-error']);
    expect(rig.count('vrid-errors', 0)).toBe(2);
  });

  test('R-07 the owner reports another MASTER and decides by priority and address', () => {
    const rig = new Rig([{ priority: 255 }]);
    rig.start();
    rig.elapse(seconds(1));
    expect(rig.hear(advert({ priority: 254 }))).toContain('warning owner-conflict');
    expect(rig.state).toBe('MASTER');
    expect(rig.count('owner-conflicts')).toBe(1);
  });

  test('R-15 two owners are reported, and the greater address stays', () => {
    const rig = new Rig([{ priority: 255 }]);
    rig.start();
    rig.elapse(seconds(1));
    expect(rig.hear(advert({ priority: 255 }))).toContain('warning owner-conflict');
    expect(rig.state).toBe('BACKUP');
  });

  test('R-08 an address count of zero', () => {
    const bend = (message: Uint8Array) => {
      const cut = message.slice(0, 8);
      cut.set([0x31, 55, 200, 0, 0, 100, 0, 0]);
      return cut;
    };
    expectRefused(listener(), advert({ bend }), 'address-count-zero');
  });

  test('R-09 another interval is adopted and reported', () => {
    const rig = listener();
    expect(rig.hear(advert({ interval: centiseconds(30) }))).toEqual(['warning interval-error']);
    expect(rig.count('interval-errors')).toBe(1);
    expect(rig.view().master?.intervalMs).toBe(300);
  });

  test('R-10 an interval of zero', () => {
    const bend = (message: Uint8Array) => {
      const checksum = ((message[6] ?? 0) << 8) + (message[7] ?? 0) + 100;
      message.set([0, 0, checksum >> 8, checksum & 0xff], 4);
      return message;
    };
    expectRefused(listener(), advert({ bend }), 'interval-error');
  });

  test('R-11 another address list is accepted and reported', () => {
    const rig = listener();
    const packet = advert({ addresses: [VIP, ip('203.0.113.7')] });
    expect(rig.hear(packet)).toEqual(['warning address-list-error']);
    expect(rig.count('address-list-errors')).toBe(1);
    expect(rig.engine.deadline() - rig.now).toBeLessThanOrEqual(3_609_375);
    expect(rig.count('advertisement-rcvd')).toBe(2);
  });

  test('R-11 another order of the same addresses is no difference', () => {
    const addresses = ['203.0.113.1', '203.0.113.2'].map((text) => ({
      address: ip(text),
      prefixLength: 32,
      interface: 'eth0',
    }));
    const rig = new Rig([{ addresses }]);
    rig.start();
    const reversed = [...addresses].reverse().map((one) => one.address);
    expect(rig.hear(advert({ addresses: reversed }))).toEqual([]);
  });

  test.each([[['2001:db8::1']], [['2001:db8::1', 'fe80::100']]])(
    'FR-F1 R-12 over IPv6 the list %j, as keepalived sends it, is accepted and reported',
    (addresses) => {
      const rig = new Rig([{ family: 'ipv6' }]);
      rig.start();
      const lines = rig.hear(advert({ source: PEER6, addresses: addresses.map(ip) }));
      expect(lines).toContain('warning address-list-error');
      expect(rig.view().master).toMatchObject({ address: PEER6, priority: 200 });
      rig.elapse(seconds(3));
      expect(rig.state).toBe('BACKUP');
    },
  );

  describe('FR-F4 a peer that advertises the list without its link-local address', () => {
    const LIST = ['fe80::100', '2001:db8::1'].map(ip);
    const addresses = LIST.map((address) => ({ address, prefixLength: 64, interface: 'eth0' }));
    const heard = (list: readonly IpAddress[], source = PEER6) =>
      advert({ source, addresses: list, priority: 50 });

    /** The lists of the next packets, by destination. */
    function sent(rig: Rig): Record<string, number> {
      const outputs = rig.engine.handle({ kind: 'shutdown' }, rig.now);
      const datagrams = outputs.flatMap((one) =>
        one.kind === 'datagrams.send' ? [...one.datagrams] : [],
      );
      return Object.fromEntries(
        datagrams.map(({ destination, packet }) => [destination, packet[43] ?? 0]),
      );
    }

    function master(more: Partial<InstanceSettings> = {}): Rig {
      const rig = new Rig([{ family: 'ipv6', addresses, ...more }]);
      rig.start();
      rig.becomeMaster();
      return rig;
    }

    test('gets the same list, which keepalived demands', () => {
      const rig = master();
      rig.hear(heard(LIST.slice(1)));
      expect(sent(rig)).toEqual({ 'ff02::12': 1 });
    });

    test('gets the whole one again once it sends it', () => {
      const rig = master();
      for (const list of [LIST.slice(1), [...LIST].reverse()]) rig.hear(heard(list));
      expect(sent(rig)).toEqual({ 'ff02::12': 2 });
    });

    test('differs from one with another list', () => {
      const rig = master();
      for (const list of [LIST.slice(0, 1), [ip('2001:db8::2')]]) rig.hear(heard(list));
      expect(sent(rig)).toEqual({ 'ff02::12': 2 });
    });

    test('differs from the other unicast peers', () => {
      const peers = [PEER6, ip('fe80::13')].map((address) => ({ address, minimumTtl: 1 }));
      const rig = master({ unicast: { source: OWN6, peers } });
      const options = { source: PEER6, destination: OWN6, addresses: LIST.slice(1), priority: 50 };
      rig.hear(advert(options));
      expect(sent(rig)).toEqual({ 'fe80::12': 1, 'fe80::13': 2 });
    });

    test('is remembered by the next process, and forgotten with other settings', () => {
      const rig = master();
      rig.hear(heard(LIST.slice(1)));
      const next = new Rig([{ family: 'ipv6', addresses }], { standby: true });
      next.start();
      next.handle({ kind: 'adopt', capture: rig.engine.capture() });
      expect(sent(next)).toEqual({ 'ff02::12': 1 });
      const [settings] = rig.engine.instances;
      if (settings === undefined) throw new Error('no instance');
      const common = { router: 'lb1', linger: 'off', syncGroups: [] } as const;
      const change = [{ name: 'web', settings: { ...settings, preempt: false } }];
      rig.handle({ kind: 'settings.changed', change: { common, stop: [], change, start: [] } });
      expect(sent(rig)).toEqual({ 'ff02::12': 2 });
    });
  });

  test('R-14 of a flood of refused packets the 1st, 2nd, 4th, 8th, ... is reported, all are counted', () => {
    const rig = listener();
    const packets = Array.from({ length: 1_000 }, () => advert({ ttl: 1 }));
    const lines = rig.hear(...packets);
    expect(lines).toEqual(Array.from({ length: 10 }, () => 'discard ip-ttl-error'));
    expect(rig.count('ip-ttl-errors')).toBe(1_000);
  });

  test('R-16 another router of its own priority is reported', () => {
    const rig = listener();
    expect(rig.hear(advert({ priority: 100 }))).toEqual(['warning priority-conflict']);
    expect(rig.count('priority-conflicts')).toBe(1);
  });

  test('R-19 an IPv4 header with options is longer', () => {
    const rig = listener();
    const plain = advert();
    const packet = new Uint8Array(plain.length + 4);
    packet.set(plain.subarray(0, 20));
    packet.set(plain.subarray(20), 24);
    packet.set([0x46, 0xc0, 0, packet.length]);
    expect(rig.hear(packet)).toEqual([]);
    expect(rig.count('advertisement-rcvd')).toBe(2);
  });

  test.each([0, 1, 19, 20, 21])('R-04 R-20 a packet of %i bytes', (length) => {
    const rig = listener();
    const before = pictureOf(rig);
    expect(rig.hear(advert().slice(0, length))).toEqual(['discard packet-length-error']);
    expect(pictureOf(rig)).toEqual(before);
  });
});

describe('unicast', () => {
  const peers = [
    { address: PEER, minimumTtl: 255 },
    { address: ip('198.51.100.9'), minimumTtl: 64 },
  ];
  const unicast = { unicast: { source: undefined, peers } };
  const destination = ip('192.0.2.11');

  test('R-17 a source that is not a peer', () => {
    const rig = new Rig([unicast]);
    rig.start();
    const packet = advert({ source: ip('192.0.2.99'), destination });
    expectRefused(rig, packet, 'unknown-peer');
    expect(rig.count('unknown-peers')).toBe(1);
  });

  test('R-17 the TTL of each peer has its own limit', () => {
    const rig = new Rig([unicast]);
    rig.start();
    expectRefused(rig, advert({ destination, ttl: 254 }), 'ip-ttl-error');
    const far = { source: ip('198.51.100.9'), destination };
    expectRefused(rig, advert({ ...far, ttl: 63 }), 'ip-ttl-error');
    expect(rig.hear(advert({ ...far, ttl: 64 }))).toEqual([]);
    expect(rig.count('advertisement-rcvd')).toBe(1);
  });

  test('R-18 multicast on a unicast instance and the reverse', () => {
    const rig = new Rig([unicast]);
    rig.start();
    expectRefused(rig, advert(), 'delivery-mismatch');
    expectRefused(listener(), advert({ destination }), 'delivery-mismatch');
  });

  test('its advertisements go to every peer and to no other host', () => {
    const rig = new Rig([unicast]);
    rig.start();
    rig.becomeMaster();
    rig.elapse(seconds(1));
    expect(rig.elapse(seconds(1))).toEqual([
      'advert 100 to 192.0.2.12',
      'advert 100 to 198.51.100.9',
    ]);
  });
});

describe('checksum: auto', () => {
  /** The checksums of the next packets, as sent. */
  function sentForm(rig: Rig): string {
    const outputs = rig.engine.handle({ kind: 'shutdown' }, rig.now);
    const sent = outputs.find((one) => one.kind === 'datagrams.send');
    const packet = sent?.kind === 'datagrams.send' ? sent.datagrams[0]?.packet : undefined;
    const source = ip('192.0.2.11');
    for (const form of ['rfc9568', 'pseudo_header'] as const) {
      const candidate = advert({ source, priority: 0, form });
      if (packet?.subarray(20).toString() === candidate.subarray(20).toString()) return form;
    }
    return 'neither';
  }

  test.each(['rfc9568', 'pseudo_header'] as const)('C-06 hears %s and answers alike', (form) => {
    const rig = new Rig();
    rig.start();
    expect(rig.hear(advert({ form }))).toEqual([]);
    rig.becomeMaster();
    expect(sentForm(rig)).toBe(form);
  });

  test('C-06 sends the form of RFC 9568 to those that were never heard', () => {
    const rig = new Rig();
    rig.start();
    rig.becomeMaster();
    expect(sentForm(rig)).toBe('rfc9568');
  });

  test('C-06 a peer that changes its form is reported and followed', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert({ form: 'pseudo_header' }));
    expect(rig.hear(advert())).toEqual(['warning checksum-form-changed']);
    rig.becomeMaster();
    expect(sentForm(rig)).toBe('rfc9568');
  });
});
