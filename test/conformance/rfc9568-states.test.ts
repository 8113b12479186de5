import { describe, expect, test } from 'vitest';
import { ip } from '../../src/net/address.ts';
import { centiseconds, microseconds, milliseconds, seconds } from '../../src/net/time.ts';
import { addressOf, advert, linkOf, NO_GARP, PEER, Rig } from './rig.ts';

const GARP = { ...NO_GARP, repeat: 1 };
const TAKE_OVER = [
  'add 203.0.113.100/32',
  'advert 100 to 224.0.0.18',
  'BACKUP -> MASTER (master-timeout)',
  'arp request 203.0.113.100',
];

function backup(more = {}): Rig {
  const rig = new Rig([{ garp: GARP, ...more }]);
  rig.start();
  return rig;
}

function master(more = {}): Rig {
  const rig = backup(more);
  rig.becomeMaster();
  expect(rig.state).toBe('MASTER');
  rig.elapse(seconds(2));
  return rig;
}

describe('Initialize', () => {
  test('F-I1 nothing is sent and nothing is accepted before Startup', () => {
    const rig = new Rig();
    expect(rig.hear(advert())).toEqual(['discard vrid-error']);
    expect(rig.state).toBe('INIT');
    expect(rig.elapse(seconds(60))).toEqual([]);
  });

  test('F-I2 the owner of the addresses becomes Active immediately', () => {
    const rig = new Rig([{ priority: 255, garp: GARP }]);
    expect(rig.start()).toEqual([
      'listen eth0 ipv4 55',
      'add 203.0.113.100/32',
      'advert 255 to 224.0.0.18',
      'INIT -> MASTER (startup)',
      'arp request 203.0.113.100',
    ]);
  });

  test('F-I2 over IPv6 it sends an unsolicited Neighbor Advertisement', () => {
    const rig = new Rig([{ family: 'ipv6', priority: 255, garp: GARP }]);
    expect(rig.start()).toEqual([
      'listen eth0 ipv6 55',
      'add fe80::100/128',
      'advert 255 to ff02::12',
      'INIT -> MASTER (startup)',
      'na fe80::100',
    ]);
  });

  test('F-I3 every other router becomes Backup and sends nothing', () => {
    const rig = new Rig();
    expect(rig.start()).toEqual(['listen eth0 ipv4 55', 'INIT -> BACKUP (startup)']);
    expect(rig.engine.deadline() - rig.now).toBe(3_609_375);
  });

  test('F-I4 a missing interface is a FAULT, and its return a Startup', () => {
    const rig = new Rig();
    expect(rig.start([])).toEqual(['INIT -> FAULT (interface-down)']);
    expect(rig.view().faults).toEqual(['interface-missing']);
    expect(rig.start([linkOf()])).toEqual([
      'listen eth0 ipv4 55',
      'FAULT -> BACKUP (interface-up)',
    ]);
  });
});

describe('Backup', () => {
  test('F-B5 the virtual address is absent, and leftovers are removed', () => {
    const rig = new Rig();
    const addresses = [addressOf('192.0.2.11/24'), addressOf('203.0.113.100/32', { ours: true })];
    expect(rig.start([linkOf({ addresses })])).toEqual([
      'listen eth0 ipv4 55',
      'remove 203.0.113.100/32',
      'INIT -> BACKUP (startup)',
      'cleaned 203.0.113.100',
    ]);
  });

  test('F-B6 Shutdown sends nothing', () => {
    const rig = backup();
    expect(rig.handle({ kind: 'shutdown' })).toEqual(['BACKUP -> INIT (shutdown)', 'finished']);
    expect(rig.elapse(seconds(60))).toEqual([]);
  });

  test('F-B7 when Active_Down_Timer fires: address, advertisement, announcement', () => {
    const rig = backup();
    expect(rig.elapse(microseconds(3_609_374))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toEqual(TAKE_OVER);
  });

  test('F-B7 a wake-up alone proves no silence: what was received comes first', () => {
    const rig = backup();
    rig.freeze(microseconds(3_609_375));
    expect(rig.handle({ kind: 'wake' })).toEqual([]);
    expect(rig.hear(advert())).toEqual([]);
    expect(rig.state).toBe('BACKUP');
  });

  test('F-B8 priority 0 sets Active_Down_Timer to Skew_Time', () => {
    const rig = backup();
    rig.hear(advert());
    expect(rig.hear(advert({ priority: 0 }))).toEqual([]);
    expect(rig.elapse(microseconds(609_374))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toEqual(TAKE_OVER);
    expect(rig.view().lastTransition?.reason).toBe('192.0.2.12 resigned (priority 0)');
  });

  test('F-B11 a MASTER of a lower priority is preempted, and the reason names it', () => {
    const rig = backup();
    rig.hear(advert({ priority: 90 }));
    expect(rig.elapse(microseconds(3_609_375)).slice(0, TAKE_OVER.length)).toEqual(TAKE_OVER);
    expect(rig.view().lastTransition?.reason).toBe(
      '192.0.2.12 has a lower priority than 100: preempted',
    );
  });

  test('F-B8 Skew_Time is computed from the interval that was heard', () => {
    const rig = backup();
    rig.hear(advert({ interval: centiseconds(10) }));
    rig.hear(advert({ priority: 0, interval: centiseconds(10) }));
    expect(rig.elapse(microseconds(60_936))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toEqual(TAKE_OVER);
  });

  test('F-B9 a greater priority is adopted with its interval, and the timer restarts', () => {
    const rig = backup();
    rig.hear(advert());
    rig.elapse(seconds(3));
    rig.hear(advert({ interval: centiseconds(50) }));
    expect(rig.elapse(microseconds(1_804_686))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toEqual(TAKE_OVER);
  });

  test('F-B9 with Preempt_Mode False a lower priority is adopted too', () => {
    const rig = backup({ preempt: false });
    for (let i = 0; i < 10; i++) {
      rig.hear(advert({ priority: 1 }));
      expect(rig.elapse(seconds(3))).toEqual([]);
    }
    expect(rig.view().master).toEqual({ address: PEER, priority: 1, intervalMs: 1_000 });
  });

  test('F-B10 a lower priority is discarded: the running timer is not touched', () => {
    const rig = backup();
    const deadline = rig.engine.deadline();
    for (let i = 0; i < 3; i++) {
      rig.hear(advert({ priority: 99, interval: centiseconds(50) }));
      expect(rig.elapse(seconds(1))).toEqual([]);
    }
    expect(rig.engine.deadline()).toBe(deadline);
    expect(rig.elapse(microseconds(609_375))).toEqual(TAKE_OVER);
  });

  test.each(['192.0.2.1', '192.0.2.200'])(
    'F-B11 an equal priority from %s is greater or equal',
    (source) => {
      const rig = backup();
      for (let i = 0; i < 5; i++) {
        expect(rig.hear(advert({ priority: 100, source: ip(source) }))).not.toContain(TAKE_OVER[1]);
        rig.elapse(seconds(3));
      }
      expect(rig.state).toBe('BACKUP');
    },
  );
});

describe('Active', () => {
  test('F-A8 Shutdown: priority 0 first, then the address is removed', () => {
    const rig = master();
    expect(rig.handle({ kind: 'shutdown' })).toEqual([
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.100/32',
      'MASTER -> INIT (shutdown)',
      'finished',
    ]);
    expect(rig.count('priority-zero-pkts-sent')).toBe(1);
    expect(rig.elapse(seconds(60))).toEqual([]);
  });

  test('F-A9 one advertisement each interval', () => {
    const rig = master();
    expect(rig.elapse(seconds(3))).toEqual(new Array(3).fill('advert 100 to 224.0.0.18'));
  });

  test('F-A10 priority 0 is answered immediately and Adver_Timer restarts', () => {
    const rig = master();
    rig.elapse(milliseconds(400));
    const due = rig.engine.deadline();
    expect(rig.hear(advert({ priority: 0 }))).toEqual(['advert 100 to 224.0.0.18']);
    expect(rig.elapse(microseconds(due - rig.now))).toEqual([]);
    expect(rig.elapse(seconds(1))).toEqual(['advert 100 to 224.0.0.18']);
  });

  test('F-A11 a greater priority makes it Backup, which waits for a whole new interval', () => {
    const rig = master();
    expect(rig.hear(advert({ priority: 101, interval: centiseconds(50) }))).toEqual([
      'advert 100 to 224.0.0.18',
      'remove 203.0.113.100/32',
      'warning interval-error',
      'MASTER -> BACKUP (higher-priority-backup)',
    ]);
    expect(rig.elapse(microseconds(1_804_686))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toEqual(TAKE_OVER);
  });

  test('F-A12 a lower priority is answered immediately, without moving Adver_Timer', () => {
    const rig = master();
    rig.elapse(milliseconds(400));
    const due = rig.engine.deadline();
    const [answer] = rig.hear(advert({ priority: 99 }));
    expect(answer).toBe('advert 100 to 224.0.0.18');
    expect(rig.state).toBe('MASTER');
    rig.elapse(microseconds(due - rig.now - 1));
    expect(rig.elapse(microseconds(1))).toEqual(['advert 100 to 224.0.0.18']);
  });

  test('F-A12 a flood of lower priorities is answered at most once in 10 ms', () => {
    const rig = master();
    rig.elapse(milliseconds(400));
    const lines: string[] = [];
    for (let i = 0; i < 1_000; i++) {
      lines.push(...rig.hear(advert({ priority: 99 })));
      rig.freeze(microseconds(100));
    }
    expect(lines.filter((line) => line.startsWith('advert'))).toHaveLength(10);
  });

  test.each([
    ['192.0.2.9', 'MASTER'],
    ['192.0.2.100', 'BACKUP'],
    ['192.0.2.12', 'BACKUP'],
  ])(
    'F-A11 F-A13 an equal priority from %s leaves it %s: addresses compare as numbers',
    (source, state) => {
      const rig = master();
      rig.hear(advert({ priority: 100, source: ip(source) }));
      expect(rig.state).toBe(state);
    },
  );

  test.each([
    ['fe80::9', 'MASTER'],
    ['fe80::10', 'MASTER'],
    ['fe80::12', 'BACKUP'],
  ])('F-A13 over IPv6 an equal priority from %s leaves it %s', (source, state) => {
    const rig = master({ family: 'ipv6' });
    rig.hear(advert({ priority: 100, source: ip(source) }));
    expect(rig.state).toBe(state);
  });

  test('F-A14 Preempt_Mode has no effect', () => {
    const rig = master({ preempt: false });
    rig.hear(advert({ priority: 101 }));
    expect(rig.state).toBe('BACKUP');
  });

  test('F-A15 its own advertisement that returns is dropped before any other check', () => {
    const rig = master();
    rig.elapse(milliseconds(400));
    const own = advert({ priority: 100, source: ip('192.0.2.11') });
    expect(rig.hear(own)).toEqual(['discard own-packet']);
    expect(rig.count('own-packets')).toBe(1);
    expect(rig.state).toBe('MASTER');
  });
});
