import { describe, expect, test } from 'vitest';
import { masterDownInterval, skewTime } from '../../fsm/vrrp/timing.ts';
import { centiseconds, microseconds, milliseconds, seconds } from '../../src/net/time.ts';
import { advert, PEER, Rig } from './rig.ts';

describe('RFC 9568 section 6.1: parameters', () => {
  test('T-02 Active_Adver_Interval starts as its own interval', () => {
    const rig = new Rig([{ advertisementInterval: centiseconds(50) }]);
    rig.start();
    expect(rig.elapse(microseconds(1_804_686))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('T-02 Active_Adver_Interval becomes that of the Active router', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert({ interval: centiseconds(50) }));
    expect(rig.elapse(microseconds(1_804_686))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test.each([
    [100, 100, 609_375],
    [254, 100, 7_812],
    [1, 4095, 40_790_039],
    [100, 1, 6_093],
  ])(
    'T-03 T-05 T-06 version 3: priority %i at %i cs has a Skew_Time of %i us',
    (priority, interval, skew) => {
      expect(skewTime(3, priority, centiseconds(interval))).toBe(skew);
      expect(masterDownInterval(3, priority, centiseconds(interval))).toBe(
        interval * 30_000 + skew,
      );
    },
  );

  test.each([
    [100, 1, 3_609_375],
    [100, 5, 15_609_375],
    [255, 1, 3_003_906],
  ])(
    'T-04 T-05 version 2: priority %i at %i s has a Master_Down_Interval of %i us',
    (priority, interval, expected) => {
      expect(masterDownInterval(2, priority, seconds(interval))).toBe(expected);
    },
  );

  test('T-06 the priorities of a pair at 10 ms differ by 39 microseconds', () => {
    const skew = (priority: number) => skewTime(3, priority, centiseconds(1));
    expect(skew(100) - skew(101)).toBe(39);
  });

  test('T-08 Adver_Timer runs in Active with its own interval, whatever was heard before', () => {
    const rig = new Rig([{ priority: 150 }]);
    rig.start();
    rig.hear(advert({ priority: 200, interval: centiseconds(50) }));
    rig.elapse(milliseconds(1_708));
    expect(rig.state).toBe('MASTER');
    rig.elapse(seconds(1));
    expect(rig.elapse(seconds(10)).filter((line) => line.startsWith('advert'))).toHaveLength(10);
  });

  test('T-08 Active_Down_Timer does not run in Active', () => {
    const rig = new Rig();
    rig.start();
    rig.becomeMaster();
    expect(rig.elapse(seconds(60)).filter((line) => !line.startsWith('advert'))).toEqual([]);
  });

  test('T-09 a fast Backup does not take over from a slow Active', () => {
    const rig = new Rig([{ advertisementInterval: centiseconds(10) }]);
    rig.start();
    for (let i = 0; i < 5; i++) {
      expect(rig.hear(advert({ interval: seconds(2) }))).not.toContain('advert 100 to 224.0.0.18');
      expect(rig.elapse(seconds(6))).toEqual([]);
    }
    expect(rig.view().master).toEqual({ address: PEER, priority: 200, intervalMs: 2_000 });
  });

  test('T-10 time is an argument: a later now moves no deadline', () => {
    const rig = new Rig();
    rig.start();
    const deadline = rig.engine.deadline();
    rig.freeze(seconds(2));
    rig.handle({ kind: 'quiet' });
    expect(rig.engine.deadline()).toBe(deadline);
  });
});
