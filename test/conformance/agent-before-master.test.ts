import { describe, expect, test } from 'vitest';
import { ip } from '../../src/net/address.ts';
import { milliseconds, seconds } from '../../src/net/time.ts';
import { advert, Rig } from './rig.ts';

function waiting(onFailure: 'proceed' | 'abort' = 'proceed'): Rig {
  const rig = new Rig([{ beforeMaster: { deadline: milliseconds(500), onFailure } }]);
  rig.start();
  rig.now = rig.engine.deadline();
  expect(rig.turn()).toEqual(['before-master asked']);
  return rig;
}

function answer(rig: Rig, granted: boolean, id = 1): string[] {
  return rig.handle({ kind: 'before-master.answered', instance: 'web', id, granted });
}

describe('a take-over that waits for before_master', () => {
  test('sends nothing and takes nothing while it waits', () => {
    const rig = waiting();
    expect(rig.elapse(milliseconds(499))).toEqual([]);
    expect(rig.state).toBe('BACKUP');
  });

  test('goes on at once when leave is granted', () => {
    const rig = waiting();
    expect(answer(rig, true)).toEqual([
      'add 203.0.113.100/32',
      'advert 100 to 224.0.0.18',
      'before-master granted',
      'BACKUP -> MASTER (master-timeout)',
    ]);
  });

  test('proceeds at the deadline', () => {
    const rig = waiting();
    expect(rig.elapse(milliseconds(500))).toContain('before-master timed-out');
    expect(rig.state).toBe('MASTER');
  });

  test('is aborted at the deadline when the file says so, and asked again later', () => {
    const rig = waiting('abort');
    expect(rig.elapse(milliseconds(500))).toEqual(['before-master timed-out']);
    expect(rig.state).toBe('BACKUP');
    expect(rig.elapse(seconds(4))).toContain('before-master asked');
    answer(rig, true, 2);
    expect(rig.state).toBe('MASTER');
  });

  test.each([
    ['proceed', 'MASTER'],
    ['abort', 'BACKUP'],
  ] as const)('that is refused: %s', (onFailure, state) => {
    const rig = waiting(onFailure);
    answer(rig, false);
    expect(rig.state).toBe(state);
  });

  test('is withdrawn when somebody else is heard as MASTER', () => {
    const rig = waiting();
    expect(rig.hear(advert({ priority: 200 }))).toEqual(['before-master withdrawn']);
    expect(answer(rig, true)).toEqual([]);
    expect(rig.elapse(seconds(2))).toEqual([]);
    expect(rig.state).toBe('BACKUP');
  });

  test('goes on waiting while a lower priority advertises', () => {
    const rig = waiting();
    expect(rig.hear(advert({ priority: 50 }))).toEqual([]);
    answer(rig, true);
    expect(rig.state).toBe('MASTER');
  });

  test('goes on waiting when the MASTER resigns', () => {
    const rig = waiting();
    rig.hear(advert({ priority: 0 }));
    answer(rig, true);
    expect(rig.state).toBe('MASTER');
  });

  test('ignores the answer to an earlier question', () => {
    const rig = waiting();
    expect(answer(rig, true, 7)).toEqual([]);
    expect(rig.state).toBe('BACKUP');
  });

  test('is withdrawn when the agent stops', () => {
    const rig = waiting();
    expect(rig.handle({ kind: 'shutdown' })).toContain('before-master withdrawn');
    expect(answer(rig, true)).toEqual([]);
  });

  test('of one member of a sync group does not hold up the others', () => {
    const member = (name: string, vrid: number, more = {}) => ({
      name,
      vrid,
      addresses: [{ address: ip(`203.0.113.${vrid}`), prefixLength: 32, interface: 'eth0' }],
      ...more,
    });
    const beforeMaster = { deadline: milliseconds(500), onFailure: 'proceed' as const };
    const rig = new Rig([member('outside', 1), member('inside', 2, { beforeMaster })], {
      syncGroups: [{ name: 'gateway', instances: ['outside', 'inside'], mode: 'all', track: [] }],
    });
    rig.start();
    const lines: string[] = [];
    while (!lines.includes('before-master asked')) lines.push(...rig.elapse(milliseconds(10)));
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['MASTER', 'BACKUP']);
    rig.elapse(milliseconds(500));
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['MASTER', 'MASTER']);
  });

  test('waits after the preempt delay too, and begins it anew when it is aborted', () => {
    const rig = new Rig([
      {
        priority: 200,
        preemptDelay: seconds(2),
        beforeMaster: { deadline: milliseconds(500), onFailure: 'abort' },
      },
    ]);
    rig.start();
    const lines: string[] = [];
    for (let i = 0; i < 60; i++) {
      lines.push(...rig.hear(advert({ priority: 50 })), ...rig.elapse(milliseconds(100)));
    }
    expect(lines).toEqual([
      'before-master asked',
      'before-master timed-out',
      'before-master asked',
      'before-master timed-out',
    ]);
    expect(rig.state).toBe('BACKUP');
  });
});
