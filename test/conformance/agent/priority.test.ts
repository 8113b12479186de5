import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { microseconds, milliseconds, seconds } from '../../../src/net/time.ts';
import { ask } from '../operator.ts';
import { advert, Rig } from '../rig.ts';

/** Skew_Time of priority 100 and of 200 at one second. */
const SKEW_100 = 609_375;
const SKEW_200 = 218_750;

function override(rig: Rig, priority: number | null, instance = 'web'): string[] {
  return ask(rig, { type: 'priority', priority }, instance);
}

describe('a priority set at run time', () => {
  test('is advertised by a MASTER immediately, and on its grid', () => {
    const rig = new Rig();
    rig.start();
    rig.becomeMaster();
    expect(override(rig, 120)).toEqual(['advert 120 to 224.0.0.18', 'priority 100 -> 120']);
    expect(rig.elapse(seconds(1))).toEqual(['advert 120 to 224.0.0.18']);
    expect(rig.view()).toMatchObject({
      priority: { configured: 100, effective: 120, override: 120 },
      master: { priority: 120 },
    });
  });

  test('lets a greater priority take over from a MASTER that is now below it', () => {
    const rig = new Rig();
    rig.start();
    rig.becomeMaster();
    override(rig, 40);
    expect(rig.hear(advert({ priority: 50 }))).toContain(
      'MASTER -> BACKUP (higher-priority-backup)',
    );
  });

  test('ends when it is reset', () => {
    const rig = new Rig();
    rig.start();
    rig.becomeMaster();
    override(rig, 120);
    expect(override(rig, null)).toEqual(['advert 100 to 224.0.0.18', 'priority 120 -> 100']);
    expect(rig.view().priority).toEqual({ configured: 100, effective: 100, override: null });
  });

  test('of the same value changes nothing but what status shows', () => {
    const rig = new Rig();
    rig.start();
    expect(override(rig, 100)).toEqual([]);
    expect(rig.view().priority).toEqual({ configured: 100, effective: 100, override: 100 });
  });

  test('of an owner is refused', () => {
    const rig = new Rig([{ priority: 255 }]);
    rig.start();
    expect(override(rig, 100)).toEqual([]);
    expect(rig.reports.at(-1)).toMatchObject({
      kind: 'answer',
      answer: { outcome: 'refused', code: 'owner' },
    });
    expect(rig.view().priority).toEqual({ configured: 255, effective: 255, override: null });
  });

  test('of an unknown instance is refused', () => {
    const rig = new Rig();
    rig.start();
    override(rig, 100, 'db');
    expect(rig.reports.at(-1)).toMatchObject({ answer: { code: 'unknown-instance' } });
  });
});

describe('a running Master_Down timer', () => {
  test('ends earlier by the difference of the Skew_Times when the priority rises', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert({ priority: 220 }));
    rig.elapse(seconds(2));
    override(rig, 200);
    expect(rig.elapse(microseconds(1_000_000 + SKEW_200 - 1))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('ends later when the priority falls', () => {
    const rig = new Rig([{ priority: 200 }]);
    rig.start();
    rig.hear(advert({ priority: 220 }));
    rig.elapse(seconds(2));
    override(rig, 100);
    expect(rig.elapse(microseconds(1_000_000 + SKEW_100 - 1))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('that has expired under the new priority fires immediately', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert({ priority: 220 }));
    rig.elapse(milliseconds(3_500));
    override(rig, 200);
    expect(rig.turn()).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('after a resignation ends with the Skew_Time of the new priority', () => {
    const rig = new Rig();
    rig.start();
    rig.hear(advert({ priority: 220 }));
    rig.hear(advert({ priority: 0 }));
    rig.elapse(milliseconds(100));
    override(rig, 200);
    expect(rig.elapse(microseconds(SKEW_200 - 100_000 - 1))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('of version 2 shifts by the difference in fractions of a second', () => {
    const rig = new Rig([{ version: 2, advertisementInterval: seconds(5) }]);
    rig.start();
    rig.hear(advert({ version: 2, interval: seconds(5), priority: 220 }));
    override(rig, 200);
    expect(rig.elapse(microseconds(15_000_000 + SKEW_200 - 1))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('is restarted for the new priority by the advertisement that is expected', () => {
    const rig = new Rig();
    rig.start();
    const expected = advert({ priority: 220 });
    rig.hear(expected);
    rig.hear(expected);
    override(rig, 200);
    rig.hear(expected);
    expect(rig.elapse(microseconds(3_000_000 + SKEW_200 - 1))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('keeps running despite a MASTER that is below the new priority', () => {
    const rig = new Rig();
    rig.start();
    const master = advert({ priority: 120, source: ip('192.0.2.12') });
    rig.hear(master);
    override(rig, 200);
    rig.elapse(seconds(1));
    rig.hear(master);
    expect(rig.elapse(microseconds(2_000_000 + SKEW_200))).toContain(
      'BACKUP -> MASTER (master-timeout)',
    );
  });
});

test('a priority set for one member of a sync group applies to all', () => {
  const member = (name: string, vrid: number, priority: number) => ({
    ...{ name, vrid, priority },
    addresses: [{ address: ip(`203.0.113.${vrid}`), prefixLength: 32, interface: 'eth0' }],
  });
  const rig = new Rig([member('outside', 1, 100), member('inside', 2, 120)], {
    syncGroups: [{ name: 'gateway', instances: ['outside', 'inside'], mode: 'all', track: [] }],
  });
  rig.start();
  const priorities = () => rig.engine.view().map(({ priority }) => priority.effective);
  override(rig, 50, 'inside');
  expect(priorities()).toEqual([50, 50]);
  override(rig, null, 'outside');
  expect(priorities()).toEqual([100, 120]);
});
