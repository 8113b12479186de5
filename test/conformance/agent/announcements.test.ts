import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { type Duration, microseconds, milliseconds, seconds } from '../../../src/net/time.ts';
import { advert, answered, NO_GARP, Rig } from '../rig.ts';

const ADDRESSES = ['203.0.113.1', '203.0.113.2'].map((text) => ({
  address: ip(text),
  prefixLength: 32,
  interface: 'eth0',
}));

function announcements(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('arp') || line.startsWith('na'));
}

function master(garp: object): Rig {
  const rig = new Rig([{ addresses: ADDRESSES, garp: { ...NO_GARP, ...garp } }]);
  rig.start();
  rig.elapse(microseconds(3_609_374));
  return rig;
}

describe('announcements', () => {
  test('the first of every VIP goes out before any is repeated', () => {
    const rig = master({ repeat: 3 });
    const round = ['arp request 203.0.113.1', 'arp request 203.0.113.2'];
    expect(announcements(rig.elapse(microseconds(1)))).toEqual(round);
    expect(announcements(rig.elapse(milliseconds(19)))).toEqual([]);
    expect(announcements(rig.elapse(milliseconds(1)))).toEqual(round);
    expect(announcements(rig.elapse(milliseconds(20)))).toEqual(round);
    expect(announcements(rig.elapse(seconds(60)))).toEqual([]);
    expect(rig.count('announcements-sent')).toBe(6);
  });

  test.each([
    ['request', ['arp request 203.0.113.1', 'arp request 203.0.113.2']],
    ['reply', ['arp reply 203.0.113.1', 'arp reply 203.0.113.2']],
    [
      'both',
      [
        'arp request 203.0.113.1',
        'arp request 203.0.113.2',
        'arp reply 203.0.113.1',
        'arp reply 203.0.113.2',
      ],
    ],
  ])('form: %s', (form, expected) => {
    const rig = master({ repeat: 1, form });
    expect(announcements(rig.elapse(microseconds(1)))).toEqual(expected);
  });

  test('a second burst follows, and a refresh each period', () => {
    const rig = master({ repeat: 1, secondBurstAfter: seconds(5), refresh: seconds(20) });
    const round = ['arp request 203.0.113.1', 'arp request 203.0.113.2'];
    expect(announcements(rig.elapse(microseconds(1)))).toEqual(round);
    expect(announcements(rig.elapse(microseconds(4_999_999)))).toEqual([]);
    expect(announcements(rig.elapse(microseconds(1)))).toEqual(round);
    expect(announcements(rig.elapse(microseconds(14_999_999)))).toEqual([]);
    expect(announcements(rig.elapse(microseconds(1)))).toEqual(round);
    expect(announcements(rig.elapse(seconds(20)))).toEqual(round);
  });

  test('are spaced on an interface if that is configured, in the same order', () => {
    const rig = master({ repeat: 1, form: 'both', interval: milliseconds(3) });
    const sent = [0, 1, 2, 3, 4].map((step) =>
      announcements(rig.elapse(step === 0 ? microseconds(1) : milliseconds(3))),
    );
    expect(sent).toEqual([
      ['arp request 203.0.113.1'],
      ['arp request 203.0.113.2'],
      ['arp reply 203.0.113.1'],
      ['arp reply 203.0.113.2'],
      [],
    ]);
  });

  test('that last longer than their rounds are apart are no stall', () => {
    const garp = {
      ...NO_GARP,
      form: 'both' as const,
      repeat: 5,
      secondBurstAfter: seconds(1),
      interval: milliseconds(100),
    };
    const addresses = Array.from({ length: 16 }, (_, i) => ({
      ...{ address: ip(`203.0.113.${i}`), prefixLength: 32, interface: 'eth0' },
    }));
    const rig = new Rig([
      { addresses, garp },
      { name: 'other', vrid: 56 },
    ]);
    rig.start();
    for (let second = 0; second < 20; second++) {
      rig.hear(advert({ vrid: 56, priority: 200 }));
      rig.elapse(seconds(1));
    }
    expect(rig.view(1).state).toBe('BACKUP');
    expect(rig.reports.filter(({ kind }) => kind === 'stall')).toEqual([]);
  });

  test('of two routers share the spacing of their interface', () => {
    const garp = { ...NO_GARP, repeat: 1, interval: milliseconds(3) };
    const rig = new Rig([
      { addresses: ADDRESSES.slice(0, 1), garp },
      { name: 'other', vrid: 56, addresses: ADDRESSES.slice(1), garp },
    ]);
    rig.start();
    rig.elapse(microseconds(3_609_374));
    const sent = [1, 2_998, 1, 1].map((step) => announcements(rig.elapse(microseconds(step))));
    expect(sent.flat()).toEqual(['arp request 203.0.113.1', 'arp request 203.0.113.2']);
    expect(sent[1]).toEqual([]);
  });

  test('end when the router yields', () => {
    const rig = master({ repeat: 5, secondBurstAfter: seconds(1), refresh: seconds(1) });
    rig.elapse(microseconds(1));
    const list = ADDRESSES.map((one) => one.address);
    expect(announcements(rig.hear(advert({ priority: 200, addresses: list })))).toEqual([]);
    expect(announcements(rig.elapse(seconds(3)))).toEqual([]);
  });

  test('start again when another MASTER was heard, once a second at most, and when it is silent', () => {
    const rig = master({ repeat: 1 });
    rig.elapse(seconds(5));
    const loser = advert({ priority: 50, addresses: ADDRESSES.map((one) => one.address) });
    const lines: string[] = [];
    for (let i = 0; i < 90; i++) {
      lines.push(...rig.hear(loser), ...rig.elapse(milliseconds(20)));
    }
    expect(announcements(lines)).toHaveLength(2 * 2);
    expect(announcements(rig.elapse(seconds(10)))).toHaveLength(2 + 2);
  });

  test('of a contested MASTER are reported once in ten seconds', () => {
    const rig = master({ repeat: 1 });
    rig.elapse(seconds(5));
    const loser = advert({ priority: 50, addresses: ADDRESSES.map((one) => one.address) });
    const lines: string[] = [];
    for (let i = 0; i < 19; i++) lines.push(...rig.hear(loser), ...rig.elapse(seconds(1)));
    expect(lines.filter((line) => line.startsWith('dual-master'))).toHaveLength(2);
  });

  test('wait for the kernel to confirm the VIPs', () => {
    const rig = new Rig([{ garp: { ...NO_GARP, repeat: 1 } }]);
    rig.start();
    rig.freeze(microseconds(3_609_375));
    rig.handle({ kind: 'wake' });
    const outputs = rig.engine.handle({ kind: 'quiet' }, rig.now);
    expect(outputs.map((one) => one.kind)).toEqual(['kernel.change', 'datagrams.send', 'report']);
    const [change] = outputs;
    if (change?.kind !== 'kernel.change') expect.fail('no address was asked for');
    const answer = { kind: 'kernel.changed', id: change.id, answers: [answered(0)] } as const;
    expect(rig.handle(answer)).toEqual(['arp request 203.0.113.100']);
  });
});

describe('the grid of advertisements', () => {
  const interval = milliseconds(100);

  function fast(): Rig {
    const rig = new Rig([{ advertisementInterval: interval }]);
    rig.start();
    rig.elapse(seconds(1));
    return rig;
  }

  test('does not drift when the loop is late', () => {
    const rig = fast();
    const first = rig.engine.deadline();
    for (let i = 1; i <= 50; i++) {
      rig.freeze(microseconds(rig.engine.deadline() - rig.now + ((i * 7_919) % 90_000)));
      expect(rig.turn()).toEqual(['advert 100 to 224.0.0.18']);
      expect(rig.engine.deadline()).toBe(first + i * interval);
    }
  });

  test('skips missed ticks', () => {
    const rig = fast();
    const due = rig.engine.deadline();
    rig.freeze((due - rig.now + milliseconds(150)) as Duration);
    expect(rig.turn()).toEqual(['advert 100 to 224.0.0.18']);
    expect(rig.engine.deadline()).toBe(due + 2 * interval);
    expect(rig.turn()).toEqual([]);
  });
});

describe('255 routers on one interface', () => {
  const instances = Array.from({ length: 255 }, (_, i) => ({
    name: `vr${i + 1}`,
    vrid: i + 1,
    addresses: [{ address: ip(`203.0.113.${i}`), prefixLength: 32, interface: 'eth0' }],
  }));

  test('take over in one turn with one address batch and one batch of advertisements', () => {
    const rig = new Rig(instances);
    rig.start();
    rig.freeze(microseconds(3_609_375));
    rig.handle({ kind: 'wake' });
    const outputs = rig.engine.handle({ kind: 'quiet' }, rig.now);
    const changes = outputs.filter((one) => one.kind === 'kernel.change');
    const sends = outputs.filter((one) => one.kind === 'datagrams.send');
    expect(changes.map((one) => one.changes.length)).toEqual([255]);
    expect(sends.map((one) => one.datagrams.length)).toEqual([255]);
  });

  test('share one socket', () => {
    const rig = new Rig(instances);
    const listens = rig.start().filter((line) => line.startsWith('listen'));
    expect(listens).toEqual([`listen eth0 ipv4 ${instances.map((one) => one.vrid).join(',')}`]);
  });
});
