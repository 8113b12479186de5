import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { answers, ask, failover, masterOf } from '../operator.ts';
import { advert, PEER, Rig } from '../rig.ts';

const THIRD = ip('192.0.2.13');

describe('a failover of a router that is not MASTER', () => {
  test('keeps a BACKUP from preempting', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert({ priority: 50 }));
    expect(failover(rig)).toEqual([]);
    expect(answers(rig)).toMatchObject([{ outcome: 'not-master', master: { priority: 50 } }]);
    for (let i = 0; i < 10; i++) {
      rig.hear(advert({ priority: 50 }));
      expect(rig.elapse(seconds(1))).toEqual([]);
    }
  });

  test('is refused while no MASTER is known', () => {
    const rig = new Rig();
    rig.start();
    failover(rig);
    expect(answers(rig)).toMatchObject([{ outcome: 'refused', code: 'no-master' }]);
    expect(rig.view().heldBack).toBe(false);
  });

  test('in FAULT keeps it from preempting after it has recovered', () => {
    const rig = new Rig();
    rig.start([]);
    failover(rig);
    expect(answers(rig)).toEqual([{ outcome: 'not-master', master: null }]);
    expect(rig.view().heldBack).toBe(true);
  });
});

describe('after a hand-over', () => {
  function handedOver(more: Partial<InstanceSettings> = {}): Rig {
    const rig = masterOf(more);
    failover(rig);
    rig.hear(advert({ priority: 50 }));
    return rig;
  }

  test('a lower priority is not preempted', () => {
    const rig = handedOver();
    for (let i = 0; i < 20; i++) {
      expect(rig.elapse(seconds(1))).toEqual([]);
      rig.hear(advert({ priority: 50 }));
    }
  });

  test('the silence of the new MASTER leads to a takeover, and preemption is allowed again', () => {
    const rig = handedOver();
    expect(rig.elapse(seconds(4))).toContain('BACKUP -> MASTER (master-timeout)');
    expect(rig.view().heldBack).toBe(false);
  });

  test('the resignation of the new MASTER leads to a takeover after Skew_Time', () => {
    const rig = handedOver();
    rig.hear(advert({ priority: 0 }));
    expect(rig.elapse(milliseconds(610))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('it preempts again after a release', () => {
    const rig = handedOver();
    ask(rig, { type: 'release' });
    expect(rig.view().heldBack).toBe(false);
    const lines: string[] = [];
    for (let i = 0; i < 4; i++) {
      lines.push(...rig.elapse(seconds(1)), ...rig.hear(advert({ priority: 50 })));
    }
    expect(lines).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('a preempt delay starts with the release', () => {
    const rig = handedOver({ preemptDelay: seconds(30) });
    rig.elapse(seconds(1));
    rig.hear(advert({ priority: 50 }));
    ask(rig, { type: 'release' });
    const lines: string[] = [];
    for (let i = 0; i < 29; i++) {
      lines.push(...rig.hear(advert({ priority: 50 })), ...rig.elapse(seconds(1)));
    }
    expect(lines).toEqual([]);
    rig.hear(advert({ priority: 50 }));
    expect(rig.elapse(seconds(1.1))).toContain('BACKUP -> MASTER (preempt-hold-timeout)');
  });

  test('a repeated release changes nothing', () => {
    const rig = handedOver();
    ask(rig, { type: 'release' });
    ask(rig, { type: 'release' });
    expect(answers(rig).map((one) => one.outcome)).toEqual(['handed-over', 'done', 'done']);
  });

  test('a release in the middle of it is refused', () => {
    const rig = masterOf();
    failover(rig);
    ask(rig, { type: 'release' });
    expect(answers(rig)).toMatchObject([{ outcome: 'refused', code: 'in-progress' }]);
  });
});

describe('--to', () => {
  const unicast = (...peers: string[]) => ({
    unicast: {
      source: undefined,
      peers: peers.map((one) => ({ address: ip(one), minimumTtl: 255 })),
    },
  });

  /** The router of that address was MASTER before. */
  function masterAfter(rig: Rig, ...heard: [source: string, priority: number][]): Rig {
    rig.start();
    for (const [source, priority] of heard) {
      rig.hear(advert({ source: ip(source), priority }));
    }
    rig.becomeMaster();
    expect(rig.state).toBe('MASTER');
    return rig;
  }

  test('the only unicast peer is accepted without having been heard', () => {
    const rig = masterAfter(new Rig([unicast('192.0.2.12')]));
    expect(failover(rig, { to: PEER })).toEqual(['advert 0 to 192.0.2.12']);
  });

  test('an address that is not a unicast peer is refused', () => {
    const rig = masterAfter(new Rig([unicast('192.0.2.12')]));
    expect(failover(rig, { to: THIRD })).toEqual([]);
    expect(answers(rig)).toMatchObject([
      {
        code: 'unknown-peer',
        message: '192.0.2.13 is not a unicast peer; the peers are: 192.0.2.12',
      },
    ]);
  });

  test('one of several unicast peers is refused as long as the others are unknown', () => {
    const rig = masterAfter(new Rig([unicast('192.0.2.12', '192.0.2.13')]));
    failover(rig, { to: PEER });
    expect(answers(rig)).toMatchObject([{ code: 'unknown-peer' }]);
  });

  test('on a multicast segment a router that was never heard is refused', () => {
    const rig = masterAfter(new Rig());
    failover(rig, { to: PEER });
    expect(answers(rig)).toMatchObject([{ code: 'unknown-peer' }]);
  });

  test('on a multicast segment the greatest priority that was heard is accepted', () => {
    const rig = masterAfter(new Rig(), ['192.0.2.12', 80], ['192.0.2.13', 50]);
    expect(failover(rig, { to: PEER })).toEqual(['advert 0 to 224.0.0.18']);
  });

  test.each([80, 90])('a router of 80 is refused beside another one of %i', (priority) => {
    const rig = masterAfter(new Rig(), ['192.0.2.12', 80], ['192.0.2.13', priority]);
    failover(rig, { to: PEER });
    expect(answers(rig)).toMatchObject([
      {
        code: 'another-wins',
        message: `192.0.2.13 has priority ${priority}, 192.0.2.12 has 80`,
      },
    ]);
  });

  test('can be forced', () => {
    const rig = masterAfter(new Rig());
    expect(failover(rig, { to: PEER, force: true })).toEqual(['advert 0 to 224.0.0.18']);
  });
});
