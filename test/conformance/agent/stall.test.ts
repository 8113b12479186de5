import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { ENOBUFS } from '../../../src/net/errno.ts';
import { type Duration, microseconds, milliseconds, seconds } from '../../../src/net/time.ts';
import { advert, linkOf, Rig } from '../rig.ts';

describe('the stall guard', () => {
  function master(): Rig {
    const rig = new Rig();
    rig.start();
    rig.becomeMaster();
    rig.elapse(seconds(2));
    return rig;
  }

  test('a MASTER that was silent for the shortest Master_Down_Interval listens first', () => {
    const rig = master();
    rig.freeze(seconds(10));
    expect(rig.handle({ kind: 'wake' })).toEqual([
      'received.discard',
      'remove 203.0.113.100/32',
      'MASTER -> BACKUP (stall)',
      'stall',
    ]);
    expect(rig.hear()).toEqual([]);
    expect(rig.elapse(microseconds(3_609_374))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('a MASTER that was silent for less continues', () => {
    const rig = master();
    rig.freeze(microseconds(rig.engine.deadline() - rig.now + 1_000_000));
    expect(rig.turn()).toEqual(['advert 100 to 224.0.0.18']);
    expect(rig.count('stalls', 0)).toBe(0);
  });

  test('a MASTER that has yet to prove its addresses is judged by its lateness (sim seed 20228)', () => {
    const rig = new Rig();
    rig.start();
    rig.errnoOf = () => ENOBUFS;
    rig.becomeMaster();
    expect(rig.state).toBe('FAULT');
    // Its last advertisement was long ago when the kernel takes more than an interval to answer.
    rig.errnoOf = () => {
      rig.freeze(milliseconds(1_100));
      rig.handle({ kind: 'wake' });
      return 0;
    };
    rig.elapse(seconds(10));
    expect(rig.state).toBe('MASTER');
    expect(rig.count('stalls', 0)).toBe(0);
  });

  test('a BACKUP that was stalled for a Master_Down_Interval listens for a whole one', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert());
    rig.freeze(seconds(20));
    expect(rig.turn()).toEqual(['received.discard', 'stall']);
    expect(rig.elapse(microseconds(3_609_374))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('a stall is reported once, however often its turn checks the deadlines', () => {
    const rig = master();
    rig.freeze(seconds(10));
    rig.handle({ kind: 'wake' });
    expect(rig.engine.deadline()).toBeGreaterThan(rig.now);
    expect(rig.handle({ kind: 'wake' })).toEqual([]);
    expect(rig.count('stalls', 0)).toBe(1);
  });

  test('a member of a group resigns instead of advertising, however slow its own interval is', () => {
    const member = (name: string, vrid: number, advertisementInterval: Duration) => ({
      name,
      vrid,
      advertisementInterval,
      addresses: [{ address: ip(`203.0.113.${vrid}`), prefixLength: 32, interface: 'eth0' }],
    });
    const members = [member('slow', 1, seconds(1)), member('fast', 2, milliseconds(50))];
    const rig = new Rig(members, {
      links: [linkOf()],
      syncGroups: [{ name: 'gateway', instances: ['slow', 'fast'], mode: 'all', track: [] }],
    });
    rig.start();
    rig.becomeMaster();
    rig.elapse(seconds(2));
    rig.freeze(milliseconds(1_100));
    const said = rig.turn();
    expect(said).toContain('MASTER -> BACKUP (stall)');
    expect(said.filter((line) => line.startsWith('advert'))).toEqual(['advert 0 to 224.0.0.18']);
    expect([0, 1].map((position) => rig.view(position).state)).toEqual(['BACKUP', 'BACKUP']);
  });

  test('with a fast interval it is a matter of milliseconds', () => {
    const rig = new Rig([{ advertisementInterval: milliseconds(10) }]);
    rig.start();
    rig.elapse(seconds(1));
    rig.freeze(milliseconds(31));
    expect(rig.turn()).toContain('MASTER -> BACKUP (stall)');
  });
});
