import { describe, expect, test } from 'vitest';
import { mac } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { advert, INDEX, Rig, VIP, VIP6 } from '../rig.ts';

const INTRUDER = mac('02:00:00:00:00:99');
const SUCCESSOR = mac('02:00:00:00:00:03');

function master(more: Partial<InstanceSettings> = {}): Rig {
  const rig = new Rig([{ addressConflict: 'fault', ...more }]);
  rig.start();
  rig.becomeMaster();
  rig.elapse(seconds(5));
  return rig;
}

function claim(rig: Rig, from = INTRUDER): string[] {
  const address = rig.view().family === 'ipv6' ? VIP6 : VIP;
  return rig.handle({ kind: 'address.claimed', index: INDEX, address, mac: from });
}

/** Runs until the segment is asked, a Master_Down_Interval after the claim. */
function suspect(rig: Rig): string[] {
  claim(rig);
  return rig.elapse(milliseconds(3_700));
}

function faulty(): Rig {
  const rig = master();
  suspect(rig);
  claim(rig);
  rig.elapse(seconds(1));
  expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['address-conflict'] });
  return rig;
}

describe('address_conflict: fault', () => {
  test('asks the segment once the takeover is settled', () => {
    const rig = new Rig([{ addressConflict: 'fault' }]);
    rig.start();
    rig.becomeMaster();
    const lines = rig.elapse(seconds(10));
    expect(lines.filter((line) => line.startsWith('arp'))).toEqual(['arp probe 203.0.113.100']);
  });

  test('asks the segment before it believes a claim', () => {
    const rig = master();
    expect(suspect(rig)).toContain('arp probe 203.0.113.100');
    expect(rig.state).toBe('MASTER');
  });

  test('asks by Neighbor Solicitation for IPv6', () => {
    expect(suspect(master({ family: 'ipv6' }))).toContain('ns fe80::100');
  });

  test('releases the addresses when the same host answers', () => {
    const rig = master();
    suspect(rig);
    claim(rig);
    const lines = rig.elapse(seconds(1));
    expect(lines).toEqual(
      expect.arrayContaining([
        'advert 0 to 224.0.0.18',
        'remove 203.0.113.100/32',
        'MASTER -> FAULT (fault)',
      ]),
    );
  });

  test('is handed to the next process, which asks the segment and stays in FAULT', () => {
    const old = faulty();
    const next = new Rig([{ addressConflict: 'fault' }], { standby: true });
    next.now = old.now;
    next.start();
    const capture = JSON.parse(JSON.stringify(old.engine.capture()));
    expect(next.handle({ kind: 'adopt', capture })).toEqual(['arp probe 203.0.113.100']);
    expect(next.view()).toMatchObject({ state: 'FAULT', faults: ['address-conflict'] });
    expect(next.elapse(seconds(4))).toContain('FAULT -> BACKUP (fault-cleared)');
  });

  test('forgets a claim that no host confirms', () => {
    const rig = master();
    suspect(rig);
    rig.elapse(seconds(10));
    expect(rig.state).toBe('MASTER');
    expect(suspect(rig)).toContain('arp probe 203.0.113.100');
  });

  test('leaves another MASTER to the protocol', () => {
    const rig = master();
    claim(rig);
    for (let i = 0; i < 8; i++) {
      rig.hear(advert({ priority: 50 }));
      claim(rig);
      rig.elapse(seconds(1));
    }
    expect(rig.state).toBe('MASTER');
  });

  test('lasts while the host answers, and ends after three rounds of silence', () => {
    const rig = faulty();
    for (let i = 0; i < 5; i++) {
      claim(rig);
      rig.elapse(seconds(1));
    }
    expect(rig.state).toBe('FAULT');
    expect(rig.elapse(seconds(3))).toContain('FAULT -> BACKUP (fault-cleared)');
  });

  test('ends although the new MASTER of the group answers', () => {
    const rig = faulty();
    for (let i = 0; i < 3; i++) {
      claim(rig, SUCCESSOR);
      rig.elapse(seconds(1));
    }
    expect(rig.state).toBe('BACKUP');
  });
});

test('address_conflict: report asks no questions and stays MASTER', () => {
  const rig = master({ addressConflict: 'report' });
  expect(suspect(rig)).not.toContain('arp probe 203.0.113.100');
  claim(rig);
  rig.elapse(seconds(5));
  expect(rig.state).toBe('MASTER');
});
