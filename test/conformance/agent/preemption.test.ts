import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import { advert, Rig } from '../rig.ts';

const DELAYED = { preemptDelay: seconds(30) };
const LOWER = advert({ priority: 50 });

/** A lower priority is MASTER for this many seconds. */
function hearLower(rig: Rig, times: number): string[] {
  const lines: string[] = [];
  for (let i = 0; i < times; i++) lines.push(...rig.hear(LOWER), ...rig.elapse(seconds(1)));
  return lines;
}

describe('preempt_delay', () => {
  test('a lower priority stays MASTER until the delay has passed', () => {
    const rig = new Rig([DELAYED]);
    rig.start();
    expect(hearLower(rig, 29)).toEqual([]);
    expect(hearLower(rig, 1)).toEqual([
      'add 203.0.113.100/32',
      'advert 100 to 224.0.0.18',
      'BACKUP -> MASTER (preempt-hold-timeout)',
    ]);
  });

  test('a MASTER that dies during the delay is replaced after Master_Down_Interval', () => {
    const rig = new Rig([DELAYED]);
    rig.start();
    hearLower(rig, 5);
    expect(rig.elapse(milliseconds(2_609))).toEqual([]);
    expect(rig.elapse(milliseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('a greater priority ends the delay, and the next lower one starts it again', () => {
    const rig = new Rig([DELAYED]);
    rig.start();
    hearLower(rig, 20);
    rig.hear(advert({ priority: 200 }));
    rig.elapse(seconds(1));
    expect(hearLower(rig, 29)).toEqual([]);
    expect(hearLower(rig, 1)).toContain('BACKUP -> MASTER (preempt-hold-timeout)');
  });

  test('the end of a delay is judged after all waiting packets have been read', () => {
    const rig = new Rig([DELAYED]);
    rig.start();
    hearLower(rig, 29);
    rig.hear(LOWER);
    rig.freeze(seconds(1));
    expect(rig.handle({ kind: 'wake' })).toEqual([]);
    rig.hear(advert({ priority: 200, source: ip('192.0.2.13') }));
    expect(rig.state).toBe('BACKUP');
  });

  test('a delay that ends during a stall does not lead to a takeover without listening', () => {
    const rig = new Rig([DELAYED]);
    rig.start();
    hearLower(rig, 29);
    rig.freeze(seconds(60));
    expect(rig.turn()).toEqual(['received.discard', 'stall']);
    expect(rig.state).toBe('BACKUP');
    expect(hearLower(rig, 29)).toEqual([]);
  });
});

describe('preempt: false', () => {
  test('a lower priority stays MASTER as long as it is alive', () => {
    const rig = new Rig([{ preempt: false }]);
    rig.start();
    expect(hearLower(rig, 100)).toEqual([]);
    expect(rig.elapse(seconds(4))).toContain('BACKUP -> MASTER (master-timeout)');
  });
});
