/** Routers that are heard as MASTER and cannot be peers as both are configured. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { type AdvertOptions, advert, INDEX, OWN6, PEER, PEER6, Rig } from '../rig.ts';

const OTHER = ip('203.0.113.200');
const OWN_IP = ip('192.0.2.11');
const PASSWORD = { type: 'pass', password: 'secret12' } as const;
const UNICAST = { source: undefined, peers: [{ address: PEER, minimumTtl: 255 }] };

interface Case {
  readonly reason: string;
  readonly router?: Partial<InstanceSettings>;
  readonly packet: AdvertOptions;
  readonly heard?: string;
  readonly expected?: string;
}

/** In an Authentication Header: protocol 112, 24 bytes long. */
function enclosed(message: Uint8Array): Uint8Array {
  return Uint8Array.of(112, 4, ...new Uint8Array(22), ...message);
}

const REFUSED: readonly Case[] = [
  { reason: 'ip-ttl-error', packet: { ttl: 64 }, heard: '64', expected: '255' },
  {
    ...{ reason: 'ip-ttl-error', heard: '63', expected: '64' },
    router: {
      family: 'ipv6',
      unicast: { source: OWN6, peers: [{ address: PEER6, minimumTtl: 64 }] },
    },
    packet: { source: PEER6, destination: OWN6, ttl: 63 },
  },
  { reason: 'version-error', packet: { version: 2 }, heard: '2', expected: '3' },
  {
    ...{ reason: 'checksum-error', heard: 'pseudo_header', expected: 'rfc9568' },
    router: { checksum: 'rfc9568' },
    packet: { form: 'pseudo_header' },
  },
  {
    ...{ reason: 'checksum-error', heard: 'wrong', expected: 'auto' },
    packet: { bend: (message) => message.with(6, 1).with(7, 1) },
  },
  {
    ...{ reason: 'interval-error', heard: '2s', expected: '1s' },
    router: { version: 2 },
    packet: { version: 2, interval: seconds(2) },
  },
  {
    ...{ reason: 'auth-type-mismatch', heard: '0', expected: '1' },
    router: { version: 2, authentication: PASSWORD },
    packet: { version: 2 },
  },
  {
    ...{ reason: 'auth-type-mismatch', heard: '1', expected: '0' },
    router: { version: 2 },
    packet: { version: 2, authentication: PASSWORD },
  },
  {
    ...{ reason: 'auth-type-mismatch', heard: 'ah', expected: '0' },
    router: { version: 2 },
    packet: { version: 2, protocol: 51, bend: enclosed },
  },
  {
    reason: 'auth-failure',
    router: { version: 2, authentication: PASSWORD },
    packet: { version: 2, authentication: { type: 'pass', password: 'other' } },
  },
  { reason: 'owner-conflict', router: { version: 2, priority: 255 }, packet: { version: 2 } },
  {
    reason: 'unknown-peer',
    router: { unicast: { source: undefined, peers: [{ address: OTHER, minimumTtl: 255 }] } },
    packet: { destination: OWN_IP },
  },
  {
    ...{ reason: 'delivery-mismatch', heard: 'multicast', expected: 'unicast' },
    ...{ router: { unicast: UNICAST }, packet: {} },
  },
  {
    ...{ reason: 'delivery-mismatch', heard: 'unicast', expected: 'multicast' },
    packet: { destination: OWN_IP },
  },
  { reason: 'packet-length-error', packet: { bend: (message) => message.with(3, 9) } },
  {
    // The longer authentication data that some vendors send.
    ...{ reason: 'packet-length-error', heard: '254', expected: '0' },
    router: { version: 2 },
    packet: {
      version: 2,
      bend: (message) => Uint8Array.of(...message.with(4, 254), ...new Uint8Array(16)),
    },
  },
  {
    ...{ reason: 'delivery-mismatch', heard: '224.0.0.100', expected: '224.0.0.18' },
    packet: { destination: ip('224.0.0.100') },
  },
  { reason: 'address-count-zero', packet: { addresses: [] } },
];

function started(more: Partial<InstanceSettings> = {}): Rig {
  const rig = new Rig([more]);
  rig.start();
  return rig;
}

/** The problems in `status`. */
function problemsOf(rig: Rig) {
  return rig.view().problems ?? [];
}

describe('FR-F3 a MASTER whose advertisements are refused', () => {
  test.each(REFUSED)('for $reason is reported with both sides and shown', (one) => {
    const { reason, router, packet, heard = null, expected = null } = one;
    const rig = started(router);
    const peer = packet.source ?? PEER;
    expect(rig.hear(advert(packet))).not.toContain(`master-refused ${peer} ${reason}`);
    expect(problemsOf(rig)).toEqual([]);
    expect(rig.hear(advert(packet))).toContain(`master-refused ${peer} ${reason}`);
    expect(rig.reports.find(({ kind }) => kind === 'master-refused')).toEqual({
      ...{ kind: 'master-refused', instance: 'web', vrid: 55, peer, peerPriority: 200 },
      ...{ reason, heard, expected },
    });
    expect(problemsOf(rig)).toMatchObject([{ peer, code: reason, heard, expected }]);
  });

  test.each([
    ['ipv4', {}],
    ['ipv6', { source: PEER6 }],
  ] as const)(
    'FR-L6 over %s, of CARP, is shown: its advskew of 0 is no priority',
    (family, from) => {
      const header = [0x21, 55, 0, 7, 0, 1, 0x5a, 0xa5];
      const bend = () => Uint8Array.of(...header, ...new Uint8Array(28).fill(0xc4));
      const rig = started({ family });
      for (let i = 0; i < 2; i++) rig.hear(advert({ ...from, bend }));
      expect(problemsOf(rig)).toMatchObject([{ code: 'carp' }]);
      expect(rig.reports.filter(({ kind }) => kind === 'master-refused')).toHaveLength(1);
    },
  );

  test('is reported once, however long it lasts, and its end once it is silent', () => {
    const rig = started();
    const lines: string[] = [];
    for (let second = 0; second < 60; second++) {
      lines.push(...rig.hear(advert({ ttl: 64 })), ...rig.elapse(seconds(1)));
    }
    expect(lines.filter((line) => line.startsWith('master-refused'))).toHaveLength(1);
    expect(problemsOf(rig)).toHaveLength(1);
    expect(rig.elapse(milliseconds(8_900))).not.toContain(`ip-ttl-error of ${PEER} ended`);
    // With the next advertisement of its own.
    expect(rig.elapse(seconds(1.1))).toContain(`ip-ttl-error of ${PEER} ended`);
    expect(problemsOf(rig)).toEqual([]);
  });

  test('lasts for three of its intervals where those are long', () => {
    const rig = started({ advertisementInterval: seconds(30) });
    for (let i = 0; i < 2; i++) rig.hear(advert({ ttl: 64 }));
    rig.elapse(seconds(89));
    expect(problemsOf(rig)).toHaveLength(1);
    // With the end of its Master_Down_Interval.
    rig.elapse(seconds(20));
    expect(problemsOf(rig)).toEqual([]);
  });

  test('is over as soon as one is accepted', () => {
    const rig = started();
    for (let i = 0; i < 2; i++) rig.hear(advert({ ttl: 64 }));
    expect(rig.hear(advert())).toContain(`ip-ttl-error of ${PEER} ended`);
    expect(problemsOf(rig)).toEqual([]);
  });

  test.each<[string, Partial<InstanceSettings>, AdvertOptions]>([
    ['both versions', {}, { version: 2 }],
    ['both checksum forms', { checksum: 'rfc9568' }, { form: 'pseudo_header' }],
  ])('FR-F3 is none for a BACKUP that follows it: it sends %s', (_, router, refused) => {
    const rig = started(router);
    const lines: string[] = [];
    for (let second = 0; second < 20; second++) {
      lines.push(...rig.hear(advert(), advert(refused)), ...rig.elapse(seconds(1)));
    }
    expect(lines.filter((line) => line.startsWith('master-refused'))).toEqual([]);
    expect([rig.state, problemsOf(rig)]).toEqual(['BACKUP', []]);
    // Only what is refused gets through now: both are MASTER.
    for (let second = 0; second < 8; second++) {
      lines.push(...rig.hear(advert(refused)), ...rig.elapse(seconds(1)));
    }
    expect(lines.filter((line) => line.startsWith('master-refused'))).toHaveLength(1);
    expect([rig.state, problemsOf(rig).length]).toEqual(['MASTER', 1]);
  });

  test('is reported while a preempt delay runs because of another one', () => {
    const rig = started({ preemptDelay: seconds(60) });
    const other = ip('192.0.2.13');
    for (let second = 0; second < 3; second++) {
      rig.hear(advert({ priority: 50 }), advert({ source: other, ttl: 64 }));
      rig.elapse(seconds(1));
    }
    expect(rig.state).toBe('BACKUP');
    expect(problemsOf(rig)).toMatchObject([{ peer: other, code: 'ip-ttl-error' }]);
  });

  test('begins again with another reason', () => {
    const rig = started();
    for (let i = 0; i < 2; i++) rig.hear(advert({ ttl: 64 }));
    for (let i = 0; i < 2; i++) rig.hear(advert({ version: 2 }));
    expect(problemsOf(rig)).toMatchObject([{ code: 'version-error' }]);
    rig.hear(advert({ ttl: 64 }));
    rig.elapse(seconds(12));
    expect(problemsOf(rig)).toEqual([]);
  });

  test('ends with a report where another problem of the same router takes its place', () => {
    const refused = started();
    for (let i = 0; i < 2; i++) refused.hear(advert({ ttl: 64 }));
    refused.becomeMaster();
    for (let i = 0; i < 2; i++) refused.hear(advert({ ttl: 64, priority: 50 }));
    // It is repaired, yields, and sends its last advertisement.
    expect(refused.hear(advert({ priority: 50 }))).toContain(`ip-ttl-error of ${PEER} ended`);
    expect(problemsOf(refused)).toEqual([]);
    expect(refused.elapse(seconds(60)).filter((line) => line.endsWith(' ended'))).toEqual([]);
    const both = started();
    for (let i = 0; i < 2; i++) both.hear(advert({ ttl: 64 }));
    const lines = both.hear(advert({ addresses: [OTHER] }));
    const shown = lines.filter((line) => line.endsWith(' ended') || line.includes(' free '));
    expect(shown).toEqual([`ip-ttl-error of ${PEER} ended`, `vrid-shared ${PEER} free null`]);
  });

  test('FR-F of another version lasts while the other one is silent, until it resigns', () => {
    const rig = started();
    for (let i = 0; i < 2; i++) rig.hear(advert({ version: 2, priority: 150 }));
    rig.elapse(seconds(590));
    expect([rig.state, problemsOf(rig)]).toMatchObject(['MASTER', [{ code: 'version-error' }]]);
    rig.hear(advert({ version: 2, priority: 0 }));
    expect(problemsOf(rig)).toEqual([]);
  });

  test.each<[string, AdvertOptions]>([
    ['resigns', { ttl: 64, priority: 0 }],
    ['has another protocol', { protocol: 113 }],
    ['is of no known version', { bend: (message) => message.with(0, 0x41) }],
    ['is no advertisement', { bend: (message) => message.with(0, 0x32) }],
  ])('is none if it %s', (_, packet) => {
    const rig = started();
    for (let i = 0; i < 3; i++) rig.hear(advert(packet));
    expect(problemsOf(rig)).toEqual([]);
  });

  test('is none if a packet is too short to tell', () => {
    const rig = started();
    for (let i = 0; i < 3; i++) rig.hear(advert().slice(0, 27));
    expect(problemsOf(rig)).toEqual([]);
  });

  test('is counted per sender, within a bound, and a flood is not looked at', () => {
    const rig = started();
    for (let host = 30; host < 60; host++) {
      const packet = advert({ source: ip(`192.0.2.${host}`), ttl: 1 });
      rig.hear(packet, packet);
      rig.elapse(milliseconds(150));
    }
    expect(problemsOf(rig)).toHaveLength(8);
    const flooded = started();
    for (let host = 30; host < 60; host++) {
      const packet = advert({ source: ip(`192.0.2.${host}`), ttl: 1 });
      flooded.hear(packet, packet);
    }
    expect(problemsOf(flooded)).toHaveLength(4);
  });
});

describe('FR-F an Authentication Header of IPsec, whose content is accepted as well', () => {
  const inside = { version: 2 } as const;
  const around = { version: 2, protocol: 51, bend: enclosed } as const;

  test('is not counted as refused by a BACKUP, until it hears only the former', () => {
    const rig = started({ version: 2 });
    // The socket of the former is served first.
    for (let second = 0; second < 20; second++) {
      rig.hear(advert(around), advert(inside));
      rig.elapse(seconds(1));
    }
    expect([rig.state, rig.count('auth-type-mismatches')]).toEqual(['BACKUP', 1]);
    expect([rig.count('advertisement-rcvd'), problemsOf(rig)]).toEqual([20, []]);
    for (let second = 0; second < 8; second++) {
      rig.hear(advert(around));
      rig.elapse(seconds(1));
    }
    expect(problemsOf(rig)).toMatchObject([{ code: 'auth-type-mismatch', heard: 'ah' }]);
  });

  test('is no problem of a MASTER that hears one which yields', () => {
    const rig = started({ version: 2 });
    rig.becomeMaster();
    rig.hear(advert({ ...inside, priority: 50 }), advert({ ...around, priority: 50 }));
    expect(rig.count('auth-type-mismatches')).toBe(0);
    for (let second = 0; second < 60; second++) {
      rig.elapse(seconds(1));
      expect(problemsOf(rig)).toEqual([]);
    }
  });
});

describe('FR-F forged senders', () => {
  /** Eight of them: as many as are known at a time. */
  function forge(rig: Rig, count: number): void {
    for (let host = 30; host < 38; host++) {
      const packet = advert({ source: ip(`192.0.2.${host}`), version: 2 });
      for (let i = 0; i < count; i++) rig.hear(packet);
      rig.elapse(milliseconds(150));
    }
  }

  test('do not keep a MASTER that is refused from being reported', () => {
    const rig = started();
    forge(rig, 1);
    for (let i = 0; i < 2; i++) rig.hear(advert({ ttl: 64 }));
    expect(problemsOf(rig)).toMatchObject([{ peer: PEER, code: 'ip-ttl-error' }]);
  });

  test('that are reported make room after a while, the oldest first', () => {
    const rig = started();
    forge(rig, 2);
    rig.hear(advert({ ttl: 64 }), advert({ ttl: 64 }));
    expect(problemsOf(rig).map(({ peer }) => peer)).not.toContain(PEER);
    rig.elapse(seconds(10));
    const lines = rig.hear(advert({ ttl: 64 }), advert({ ttl: 64 }));
    expect(lines).toContain('version-error of 192.0.2.30 ended');
    expect(lines).toContain(`master-refused ${PEER} ip-ttl-error`);
    expect(problemsOf(rig)).toHaveLength(8);
  });
});

describe('FR-F own advertisements that arrive', () => {
  test('are those of another host with the same address, if none was sent just before', () => {
    const rig = started();
    const copy = advert({ source: OWN_IP, priority: 100 });
    expect(rig.hear(copy)).not.toContain(`master-refused ${OWN_IP} own-packet`);
    rig.elapse(seconds(1));
    expect(rig.hear(copy)).toContain(`master-refused ${OWN_IP} own-packet`);
    expect(problemsOf(rig)).toMatchObject([{ peer: OWN_IP, code: 'own-packet' }]);
  });

  test('are no problem of a MASTER whose network returns them', () => {
    const rig = started();
    rig.becomeMaster();
    const hearEachSecond = () => {
      for (let second = 0; second < 5; second++) {
        rig.hear(advert({ source: OWN_IP, priority: 100 }));
        rig.elapse(seconds(1));
      }
    };
    // Its Master_Down_Interval is 3.609 s.
    rig.elapse(milliseconds(610));
    hearEachSecond();
    expect(problemsOf(rig)).toEqual([]);
    rig.elapse(milliseconds(300));
    hearEachSecond();
    expect(problemsOf(rig)).toMatchObject([{ code: 'own-packet' }]);
  });
});

describe('FR-F a MASTER that has to yield to this one, and stays', () => {
  const VIPS = ['203.0.113.100', '203.0.113.101'].map((text) => ({
    ...{ address: ip(text), prefixLength: 32, interface: 'eth0' },
  }));

  function beside(more: Partial<InstanceSettings>, packet: AdvertOptions, count: number) {
    const rig = started(more);
    rig.becomeMaster();
    rig.elapse(seconds(2));
    const lines: string[] = [];
    for (let second = 0; second < count; second++) {
      lines.push(...rig.hear(advert(packet)), ...rig.elapse(seconds(1)));
    }
    return { rig, lines: lines.filter((line) => line.startsWith('master-stays')) };
  }

  test('is reported once with the addresses of both, if they differ', () => {
    const { rig, lines } = beside({ addresses: VIPS }, { priority: 50 }, 20);
    expect(lines).toEqual([`master-stays ${PEER} 203.0.113.100`]);
    expect(rig.state).toBe('MASTER');
    expect(problemsOf(rig)).toMatchObject([
      {
        ...{ peer: PEER, code: 'master-stays' },
        ...{ heard: '203.0.113.100', expected: '203.0.113.100 203.0.113.101' },
      },
    ]);
    const ended = Array.from({ length: 11 }, () => rig.elapse(seconds(1))).flat();
    expect(ended).toContain(`master-stays of ${PEER} ended`);
    expect(problemsOf(rig)).toEqual([]);
  });

  test('is reported without addresses if they are the same: it does not hear this one', () => {
    expect(beside({}, { priority: 50 }, 8).lines).toEqual([`master-stays ${PEER} null`]);
    const equal = { priority: 100, source: ip('192.0.2.10') };
    expect(beside({}, equal, 8).lines).toEqual(['master-stays 192.0.2.10 null']);
  });

  test('is none while the protocol may still settle it, nor if it falls silent', () => {
    const { rig, lines } = beside({}, { priority: 50 }, 3);
    expect(lines).toEqual([]);
    rig.elapse(seconds(60));
    expect(problemsOf(rig)).toEqual([]);
  });

  test('is reported although it is silent if the addresses differ, as keepalived does', () => {
    const { rig, lines } = beside({ addresses: VIPS }, { priority: 50 }, 1);
    expect(lines).toEqual([]);
    expect(rig.elapse(seconds(4))).toContain(`master-stays ${PEER} 203.0.113.100`);
    rig.elapse(seconds(500));
    expect(problemsOf(rig)).toMatchObject([{ code: 'master-stays' }]);
    rig.elapse(seconds(100));
    expect(problemsOf(rig)).toEqual([]);
  });

  test.each<[string, Partial<InstanceSettings>, AdvertOptions]>([
    [
      'auth-failure',
      { authentication: PASSWORD },
      { authentication: { type: 'pass', password: 'x' } },
    ],
    ['auth-type-mismatch', {}, { authentication: PASSWORD }],
    ['interval-error', {}, { interval: seconds(2) }],
  ])(
    'FR-F with %s is reported although it is silent after one advertisement',
    (reason, own, packet) => {
      const rig = started({ version: 2, ...own });
      rig.becomeMaster();
      const once = { version: 2, priority: 50, ...packet } as const;
      expect(rig.hear(advert(once))).not.toContain(`master-refused ${PEER} ${reason}`);
      expect(rig.elapse(seconds(11))).toContain(`master-refused ${PEER} ${reason}`);
      rig.elapse(seconds(500));
      expect(problemsOf(rig)).toMatchObject([{ code: reason }]);
      rig.hear(advert({ ...once, priority: 0 }));
      expect(problemsOf(rig)).toEqual([]);
    },
  );

  test('FR-F of another kind is none if it was heard once, nor is it for a BACKUP', () => {
    const rig = started();
    rig.becomeMaster();
    rig.hear(advert({ ttl: 64 }));
    rig.elapse(seconds(60));
    expect(problemsOf(rig)).toEqual([]);
    const backup = started({ version: 2 });
    for (let second = 0; second < 20; second++) {
      backup.hear(
        advert({ version: 2 }),
        ...(second === 0 ? [advert({ version: 2, source: OTHER, authentication: PASSWORD })] : []),
      );
      backup.elapse(seconds(1));
    }
    expect([backup.state, problemsOf(backup)]).toEqual(['BACKUP', []]);
  });

  test('is over as soon as it resigns, and is shown as long as its interval is', () => {
    const { rig } = beside({}, { priority: 50, interval: seconds(30) }, 8);
    rig.elapse(seconds(80));
    expect(problemsOf(rig)).toHaveLength(1);
    expect(rig.hear(advert({ priority: 0 }))).toContain(`master-stays of ${PEER} ended`);
  });

  test('is reported although it fell silent when this router preempted it', () => {
    const rig = started({ addresses: VIPS });
    rig.hear(advert({ priority: 50 }));
    rig.becomeMaster();
    expect([rig.state, problemsOf(rig)]).toEqual(['MASTER', []]);
    expect(rig.elapse(seconds(4))).toContain(`master-stays ${PEER} 203.0.113.100`);
  });

  describe('whose list differs, in a failback', () => {
    const staysIn = (lines: readonly string[]) =>
      lines.filter((line) => line.startsWith('master-stays'));

    test('is none if it sends a last advertisement when it yields', () => {
      const rig = started({ addresses: VIPS });
      const lines = [...rig.hear(advert({ priority: 50 }))];
      for (let i = 0; i < 3; i++) {
        lines.push(...rig.elapse(seconds(1)), ...rig.hear(advert({ priority: 50 })));
      }
      while (rig.state !== 'MASTER') lines.push(...rig.elapse(milliseconds(10)));
      lines.push(...rig.elapse(milliseconds(300)), ...rig.hear(advert({ priority: 50 })));
      for (let second = 0; second < 60; second++) lines.push(...rig.elapse(seconds(1)));
      expect([staysIn(lines), problemsOf(rig)]).toEqual([[], []]);
    });

    test('is none if both were MASTER, and it answers the advertisement that made it yield', () => {
      const rig = started({ addresses: VIPS });
      rig.becomeMaster();
      rig.elapse(seconds(30));
      const lines: string[] = [];
      while (!lines.some((line) => line.startsWith('advert'))) {
        lines.push(...rig.elapse(milliseconds(1)));
      }
      lines.push(...rig.elapse(milliseconds(3)), ...rig.hear(advert({ priority: 50 })));
      for (let second = 0; second < 60; second++) lines.push(...rig.elapse(seconds(1)));
      expect([staysIn(lines), problemsOf(rig)]).toEqual([[], []]);
    });

    test('is none of what it did before this router was MASTER', () => {
      const rig = started({ addresses: VIPS });
      const lines = [...rig.hear(advert({ priority: 50 }))];
      while (rig.state !== 'MASTER') lines.push(...rig.elapse(milliseconds(10)));
      lines.push(...rig.elapse(milliseconds(5)), ...rig.hear(advert({ priority: 50 })));
      expect([staysIn(lines), problemsOf(rig)]).toEqual([[], []]);
    });
  });

  test('is none of a silent one that only leaves out the link-local address', () => {
    const addresses = ['fe80::100', '2001:db8::1'].map((text) => ({
      ...{ address: ip(text), prefixLength: 64, interface: 'eth0' },
    }));
    const rig = started({ family: 'ipv6', addresses });
    const packet = advert({ source: PEER6, priority: 50, addresses: [ip('2001:db8::1')] });
    rig.hear(packet);
    rig.becomeMaster();
    rig.hear(packet);
    rig.elapse(seconds(60));
    expect([rig.state, problemsOf(rig)]).toEqual(['MASTER', []]);
  });

  test('is none for a BACKUP that waits to preempt', () => {
    const rig = started({ preemptDelay: seconds(60) });
    for (let second = 0; second < 20; second++) {
      rig.hear(advert({ priority: 50 }));
      rig.elapse(seconds(1));
    }
    expect([rig.state, problemsOf(rig)]).toEqual(['BACKUP', []]);
  });
});

describe('FR-G1 two clusters with one VRID', () => {
  const foreign = (more: AdvertOptions = {}) => advert({ addresses: [OTHER], ...more });

  test('are reported by the loser at once, and with a free VRID after a survey', () => {
    const mail = { address: ip('203.0.113.101'), prefixLength: 32, interface: 'eth0' };
    const rig = new Rig([{}, { name: 'mail', vrid: 1, addresses: [mail] }]);
    rig.start();
    const found = rig.hear(foreign());
    expect(found).toContain(`vrid-shared ${PEER} free null`);
    expect(found.find((line) => line.startsWith('listen eth0 ipv4'))).toMatch(
      /^\S+ \S+ \S+ 1,2,3,.*,255$/,
    );
    expect(problemsOf(rig)).toMatchObject([
      { peer: PEER, code: 'vrid-shared', heard: OTHER, expected: '203.0.113.100', freeVrid: null },
    ]);
    for (const vrid of [2, 4]) rig.hear(advert({ vrid, source: ip('192.0.2.40') }));
    expect(rig.count('vrid-errors', 0)).toBe(0);
    expect(rig.elapse(seconds(5))).toContain(`vrid-shared ${PEER} free 3`);
    expect(problemsOf(rig)).toMatchObject([{ freeVrid: 3 }]);
    const ended = rig.elapse(seconds(36));
    expect(ended.filter((line) => line.startsWith('vrid-shared'))).toEqual([]);
    expect(ended).toContain('listen eth0 ipv4 55,1');
    rig.hear(advert({ vrid: 2 }));
    expect(rig.count('vrid-errors', 0)).toBe(1);
  });

  test('FR-G the free VRID is none of a router that advertises every half minute', () => {
    const rig = started();
    rig.hear(foreign());
    expect(rig.elapse(seconds(5))).toContain(`vrid-shared ${PEER} free 1`);
    rig.hear(advert({ vrid: 1, source: ip('192.0.2.40'), interval: seconds(30) }));
    expect(rig.elapse(seconds(36))).toContain(`vrid-shared ${PEER} free 2`);
    expect(problemsOf(rig)).toMatchObject([{ freeVrid: 2 }]);
  });

  test('FR-G the free VRID is none of the other family, nor of another interface here', () => {
    const six = { family: 'ipv6', name: 'web6' } as const;
    const rig = new Rig([{}, six, { name: 'mail', vrid: 1, interface: 'eth9' }]);
    rig.start();
    rig.hear(foreign());
    rig.hear(advert({ vrid: 2, source: PEER6 }));
    expect(rig.elapse(seconds(5))).toContain(`vrid-shared ${PEER} free 3`);
  });

  test.each<[string, Partial<InstanceSettings>, AdvertOptions]>([
    ['multicast beside unicast', { unicast: UNICAST }, {}],
    ['unicast beside multicast', {}, { destination: OWN_IP }],
    ['an unknown unicast host', { unicast: UNICAST }, { source: OTHER, destination: OWN_IP }],
    ['another version', {}, { version: 2 }],
    ['another password', { version: 2, authentication: PASSWORD }, { version: 2 }],
    ['another interval', { version: 2 }, { version: 2, interval: seconds(3) }],
    ['a TTL', {}, { ttl: 64 }],
  ])(
    'FR-G are told apart where %s is refused: to accept it would make it worse',
    (_, own, packet) => {
      const rig = started(own);
      const source = packet.source ?? PEER;
      const other = advert({ ...packet, addresses: [ip('203.0.113.201')] });
      expect(rig.hear(other)).not.toContain(`vrid-shared ${source} free null`);
      expect(rig.hear(other)).toContain(`vrid-shared ${source} free null`);
      expect(problemsOf(rig)).toMatchObject([{ code: 'vrid-shared', heard: '203.0.113.201' }]);
      expect(rig.elapse(seconds(5))).toContain(`vrid-shared ${source} free 1`);
    },
  );

  test('FR-G are forgotten soon if they are only heard in what is refused: any host can send it', () => {
    const rig = started();
    rig.hear(foreign({ ttl: 64 }));
    rig.elapse(seconds(60));
    expect(problemsOf(rig)).toEqual([]);
    for (let i = 0; i < 2; i++) rig.hear(foreign({ ttl: 64 }));
    const ended = Array.from({ length: 11 }, () => rig.elapse(seconds(1))).flat();
    expect(ended).toContain(`vrid-shared of ${PEER} ended`);
    // An accepted one counts, and a refused one does not shorten that.
    rig.hear(foreign({ priority: 50 }), foreign({ priority: 50, ttl: 64 }));
    rig.elapse(seconds(500));
    expect(problemsOf(rig)).toMatchObject([{ code: 'vrid-shared' }]);
  });

  test('FR-G have no free VRID while they are not reported', () => {
    const rig = started();
    rig.hear(foreign(), foreign({ ttl: 64, source: ip('192.0.2.31') }));
    const free = rig.elapse(seconds(5)).filter((line) => line.includes('free'));
    expect(free).toEqual([`vrid-shared ${PEER} free 1`]);
  });

  test('FR-G says nothing of another cluster for a damaged packet', () => {
    const rig = started();
    for (let i = 0; i < 2; i++) {
      rig.hear(foreign({ bend: (message) => message.with(6, 1).with(7, 1) }));
    }
    expect(problemsOf(rig)).toMatchObject([{ code: 'checksum-error' }]);
  });

  test('are reported once while the winner advertises', () => {
    const rig = started();
    const lines: string[] = [];
    for (let second = 0; second < 30; second++) {
      lines.push(...rig.hear(foreign()), ...rig.elapse(seconds(1)));
    }
    expect(lines.filter((line) => line.startsWith('vrid-shared'))).toHaveLength(2);
    expect(rig.state).toBe('BACKUP');
  });

  test('stay in the status of the winner for ten minutes, although the loser is silent', () => {
    const rig = started();
    rig.becomeMaster();
    expect(rig.hear(foreign({ priority: 50 }))).toContain(`vrid-shared ${PEER} free null`);
    rig.elapse(seconds(599));
    expect(problemsOf(rig)).toMatchObject([{ code: 'vrid-shared' }]);
    expect(rig.elapse(seconds(2))).toContain(`vrid-shared of ${PEER} ended`);
    expect(problemsOf(rig)).toEqual([]);
  });

  test('are none where one address is common', () => {
    const rig = started();
    const lines = rig.hear(foreign({ addresses: [OTHER, ip('203.0.113.100')] }));
    expect(lines).toEqual(['warning address-list-error']);
  });

  describe('FR-G lists that overlap partly', () => {
    const addresses = ['203.0.113.100', '203.0.113.101'].map((text) => ({
      ...{ address: ip(text), prefixLength: 32, interface: 'eth0' },
    }));
    const listen = (rig: Rig, packet: AdvertOptions, count: number) =>
      Array.from({ length: count }, () => [...rig.hear(advert(packet)), ...rig.elapse(seconds(1))])
        .flat()
        .filter((line) => line.startsWith('addresses-unserved'));

    test('name the addresses that no director serves, while the MASTER does not advertise them', () => {
      const rig = started({ addresses });
      expect(listen(rig, {}, 20)).toEqual([`addresses-unserved ${PEER} 203.0.113.101`]);
      expect(problemsOf(rig)).toMatchObject([
        { peer: PEER, code: 'addresses-unserved', heard: '203.0.113.101' },
      ]);
      const whole = { addresses: addresses.map(({ address }) => address) };
      expect(rig.hear(advert(whole))).toContain(`addresses-unserved of ${PEER} ended`);
      expect(problemsOf(rig)).toEqual([]);
    });

    test('are none of a MASTER that has more, nor of one that is about to be preempted', () => {
      const more = { addresses: [OTHER, ip('203.0.113.100')] };
      expect(listen(started(), more, 20)).toEqual([]);
      const rig = started({ addresses });
      expect(listen(rig, { priority: 50 }, 6)).toEqual([]);
      expect(rig.state).toBe('MASTER');
    });

    test('name a few of many', () => {
      const many = Array.from({ length: 9 }, (_, at) => ({
        ...{ address: ip(`203.0.113.${at + 100}`), prefixLength: 32, interface: 'eth0' },
      }));
      const rig = started({ addresses: many });
      expect(listen(rig, {}, 20)).toEqual([
        `addresses-unserved ${PEER} 203.0.113.101 203.0.113.102 203.0.113.103 203.0.113.104 and 4 more`,
      ]);
    });
  });

  test('are told apart by their global addresses over IPv6, whatever the link-local one', () => {
    const addresses = ['fe80::100', '2001:db8::1'].map((text) => ({
      ...{ address: ip(text), prefixLength: 64, interface: 'eth0' },
    }));
    const heard = (...list: string[]) => {
      const rig = started({ family: 'ipv6', addresses });
      rig.hear(advert({ source: PEER6, addresses: list.map(ip) }));
      return problemsOf(rig).map(({ code }) => code);
    };
    expect(heard('fe80::100', '2001:db8::2')).toEqual(['vrid-shared']);
    expect(heard('2001:db8::1')).toEqual([]);
    expect(heard('fe80::200', '2001:db8::1')).toEqual([]);
    expect(heard('fe80::100')).toEqual([]);
    expect(heard('fe80::200')).toEqual(['vrid-shared']);
  });

  test('FR-G are over when the addresses change, and no sooner: the loser is silent', () => {
    const rig = started();
    rig.hear(foreign());
    const [settings] = rig.engine.instances;
    if (settings === undefined) throw new Error('no instance');
    const ended = `vrid-shared of ${PEER} ended`;
    const common = { router: 'lb1', linger: 'off', syncGroups: [] } as const;
    const reload = (changed: InstanceSettings) => {
      const change = { common, stop: [], change: [{ name: 'web', settings: changed }], start: [] };
      return rig.handle({ kind: 'settings.changed', change });
    };
    expect(reload({ ...settings, preempt: false })).not.toContain(ended);
    expect(problemsOf(rig)).toHaveLength(1);
    const moved = [{ address: OTHER, prefixLength: 32, interface: 'eth0' }];
    expect(reload({ ...settings, preempt: false, addresses: moved })).toContain(ended);
  });

  test('without a link cannot be surveyed, and one survey lasts for all', () => {
    const rig = started();
    rig.hear(foreign());
    const lines = rig.hear(foreign({ source: ip('192.0.2.31') }));
    expect(lines.filter((line) => line.startsWith('listen'))).toEqual([]);
    expect(rig.elapse(seconds(5)).filter((line) => line.includes('free 1'))).toHaveLength(2);
    expect(INDEX).toBe(rig.engine.links()[0]?.index);
  });
});
