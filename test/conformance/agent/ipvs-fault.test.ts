/** A director whose kernel lacks the services of an instance must not be its MASTER. */
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/net/time.ts';
import { Rig } from '../rig.ts';

function changed(rig: Rig, fault: 'ipvs' | null, instance = 'web'): string[] {
  return rig.handle({ kind: 'ipvs.changed', instance, fault });
}

describe('an instance whose services the kernel lacks', () => {
  test('resigns, is in FAULT with that reason, and returns as BACKUP', () => {
    const rig = new Rig();
    rig.start();
    rig.becomeMaster();
    expect(changed(rig, 'ipvs')).toEqual([
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.100/32',
      'MASTER -> FAULT (fault)',
    ]);
    expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['ipvs'] });
    expect(rig.elapse(seconds(10))).toEqual([]);
    expect(changed(rig, null)).toContain('FAULT -> BACKUP (fault-cleared)');
    expect(rig.view()).toMatchObject({ state: 'BACKUP', faults: [] });
  });

  test('changes nothing when it is reported again, or for an unknown instance', () => {
    const rig = new Rig();
    rig.start();
    changed(rig, 'ipvs');
    expect(changed(rig, 'ipvs')).toEqual([]);
    expect(changed(rig, 'ipvs', 'other')).toEqual([]);
    expect(changed(rig, null, 'other')).toEqual([]);
    expect(rig.view()).toMatchObject({ state: 'FAULT' });
  });
});
