import { describe, expect, test } from 'vitest';
import { judged, PROBE_TABLE, UNKNOWN } from '../../../fsm/probe/probe.ts';
import { step } from '../../../fsm/step.ts';
import { SYNC_GROUP_TABLE } from '../../../fsm/sync-group/sync-group.ts';
import type { VrrpState } from '../../../fsm/vrrp/model.ts';

describe('the tables of probes and of sync groups', () => {
  test.each([
    ['probes', PROBE_TABLE],
    ['sync groups', SYNC_GROUP_TABLE],
  ])('say of every row of %s why it is there', (_, rows) => {
    expect(rows.filter(({ description }) => description.length < 10)).toEqual([]);
  });
});

describe('a probe', () => {
  const limits = { rise: 2, fall: 3 };

  test('begins to count again after a result that agrees with its status', () => {
    const up = judged(UNKNOWN, 'passed', limits);
    expect(up).toEqual({ status: 'up', against: 0 });
    const failedOnce = judged(up, 'failed', limits);
    expect(failedOnce).toEqual({ status: 'up', against: 1 });
    expect(judged(failedOnce, 'passed', limits)).toEqual(up);
    const down = judged(UNKNOWN, 'failed', limits);
    expect(judged(judged(down, 'passed', limits), 'failed', limits)).toEqual(down);
  });

  test('of a status that is in no row is a bug, not a result', () => {
    const broken = { status: 'sideways' as 'up', against: 0 };
    expect(() => judged(broken, 'passed', limits)).toThrow('no row for sideways and passed');
  });
});

test('a step from a state that is not in the table is a bug, not an ignored event', () => {
  const state = 'backup' as VrrpState;
  expect(() => step(state, {} as never, { type: 'startup' })).toThrow(
    'no state backup in the table',
  );
});
