/** `preempt_when_synced`: preemption waits for the connection table, a takeover never does. */
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/net/time.ts';
import { advert, Rig } from '../rig.ts';

const WAITING = { preemptWhenSynced: seconds(60) };
const LOWER = advert({ priority: 50 });

/** A lower priority is MASTER for this many seconds. */
function hearLower(rig: Rig, times: number): string[] {
  const lines: string[] = [];
  for (let i = 0; i < times; i++) lines.push(...rig.hear(LOWER), ...rig.elapse(seconds(1)));
  return lines;
}

function report(rig: Rig, synced: boolean): string[] {
  return rig.handle({ kind: 'table.changed', instance: 'web', synced });
}

describe('preempt_when_synced', () => {
  test('a lower priority stays MASTER until the table has caught up, and is then preempted immediately', () => {
    const rig = new Rig([WAITING]);
    rig.start();
    expect(hearLower(rig, 20)).toEqual([]);
    expect(rig.view()).toMatchObject({ state: 'BACKUP', awaitsTable: true });
    report(rig, true);
    expect(hearLower(rig, 1)).toContain('BACKUP -> MASTER (preempt-hold-timeout)');
    expect(rig.view()).toMatchObject({
      awaitsTable: false,
      lastTransition: {
        reason: 'a router of lower priority was MASTER, and the connection table has caught up',
      },
    });
  });

  test('the longest wait is kept, and the transition names the reason', () => {
    const rig = new Rig([WAITING]);
    rig.start();
    expect(hearLower(rig, 59)).toEqual([]);
    expect(hearLower(rig, 1)).toContain('BACKUP -> MASTER (preempt-hold-timeout)');
    expect(rig.view().lastTransition?.reason).toBe(
      'a router of lower priority was MASTER, and the connection table did not catch up within 1m',
    );
  });

  test('a MASTER that dies is replaced immediately, whatever the state of the table', () => {
    const rig = new Rig([WAITING]);
    rig.start();
    hearLower(rig, 5);
    expect(rig.elapse(seconds(4))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('a MASTER that resigns is replaced immediately', () => {
    const rig = new Rig([WAITING]);
    rig.start();
    hearLower(rig, 5);
    rig.hear(advert({ priority: 0 }));
    expect(rig.elapse(seconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('a table that had already caught up is not a reason to wait', () => {
    const rig = new Rig([WAITING]);
    rig.start();
    report(rig, true);
    expect(hearLower(rig, 4)).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('the preempt delay that began with the wait is still kept', () => {
    const rig = new Rig([{ ...WAITING, preemptDelay: seconds(30) }]);
    rig.start();
    hearLower(rig, 20);
    report(rig, true);
    expect(hearLower(rig, 9)).toEqual([]);
    expect(hearLower(rig, 1)).toContain('BACKUP -> MASTER (preempt-hold-timeout)');
  });

  test('the wait does not shorten a longer preempt delay', () => {
    const rig = new Rig([{ ...WAITING, preemptDelay: seconds(90) }]);
    rig.start();
    hearLower(rig, 20);
    report(rig, true);
    expect(hearLower(rig, 69)).toEqual([]);
    expect(hearLower(rig, 1)).toContain('BACKUP -> MASTER (preempt-hold-timeout)');
  });

  test('a table that falls behind again makes it wait again', () => {
    const rig = new Rig([{ ...WAITING, preemptDelay: seconds(30) }]);
    rig.start();
    report(rig, true);
    hearLower(rig, 20);
    report(rig, false);
    expect(hearLower(rig, 39)).toEqual([]);
    expect(hearLower(rig, 1)).toContain('BACKUP -> MASTER (preempt-hold-timeout)');
  });

  test('without the key the table has no effect', () => {
    const rig = new Rig();
    rig.start();
    report(rig, false);
    expect(hearLower(rig, 4)).toContain('BACKUP -> MASTER (master-timeout)');
    expect(rig.view().awaitsTable).toBe(false);
  });

  test('a report about an unknown instance changes nothing', () => {
    const rig = new Rig([WAITING]);
    rig.start();
    rig.handle({ kind: 'table.changed', instance: 'gone', synced: true });
    expect(hearLower(rig, 5)).toEqual([]);
  });
});
