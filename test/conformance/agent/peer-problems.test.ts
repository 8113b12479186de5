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
    ['is this router', { source: OWN_IP }],
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
    const ended = rig.elapse(seconds(5));
    expect(ended).toContain(`vrid-shared ${PEER} free 3`);
    expect(ended).toContain('listen eth0 ipv4 55,1');
    expect(problemsOf(rig)).toMatchObject([{ freeVrid: 3 }]);
    rig.hear(advert({ vrid: 2 }));
    expect(rig.count('vrid-errors', 0)).toBe(1);
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

  test('are over when the configuration changes', () => {
    const rig = started();
    rig.hear(foreign());
    const [settings] = rig.engine.instances;
    if (settings === undefined) throw new Error('no instance');
    const changed = { ...settings, preempt: false };
    const common = { router: 'lb1', linger: 'off', syncGroups: [] } as const;
    const change = { common, stop: [], change: [{ name: 'web', settings: changed }], start: [] };
    expect(rig.handle({ kind: 'settings.changed', change })).toContain(
      `vrid-shared of ${PEER} ended`,
    );
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
