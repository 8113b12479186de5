import { describe, expect, test } from 'vitest';
import type { InstanceSettings } from '../../src/engine/settings.ts';
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

describe('before_master of members of a sync group', () => {
  const PROCEED = { deadline: milliseconds(500), onFailure: 'proceed' } as const;
  const ABORT = { deadline: milliseconds(500), onFailure: 'abort' } as const;

  function member(name: string, vrid: number, more: Partial<InstanceSettings> = {}) {
    const vip = { address: ip(`203.0.113.${vrid}`), prefixLength: 32, interface: 'eth0' };
    return { name, vrid, addresses: [vip], ...more };
  }

  function group(
    outside: InstanceSettings['beforeMaster'],
    inside: InstanceSettings['beforeMaster'],
  ): Rig {
    const withIt = (one: InstanceSettings['beforeMaster']) => one && { beforeMaster: one };
    return new Rig([member('outside', 1, withIt(outside)), member('inside', 2, withIt(inside))], {
      syncGroups: [{ name: 'gateway', instances: ['outside', 'inside'], mode: 'all', track: [] }],
    });
  }

  /** Until somebody is asked; answers what is told until then. */
  function untilAsked(rig: Rig): string[] {
    const lines: string[] = [];
    while (!lines.includes('before-master asked')) lines.push(...rig.elapse(milliseconds(10)));
    return lines;
  }

  function states(rig: Rig): string[] {
    return [rig.view(0).state, rig.view(1).state];
  }

  function answerOf(rig: Rig, instance: string, id: number, granted = true): string[] {
    return rig.handle({ kind: 'before-master.answered', instance, id, granted });
  }

  function hearOf(rig: Rig, vrid: number, priority: number): string[] {
    return rig.hear(advert({ vrid, priority, addresses: [ip(`203.0.113.${vrid}`)] }));
  }

  test('nobody is MASTER before the one that has to wait may', () => {
    const rig = group(undefined, PROCEED);
    rig.start();
    untilAsked(rig);
    rig.elapse(milliseconds(400));
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    expect(answerOf(rig, 'inside', 1).filter((line) => line.includes('MASTER ('))).toHaveLength(2);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('all are asked at once, and the last answer decides', () => {
    const rig = group(PROCEED, PROCEED);
    rig.start();
    expect(untilAsked(rig)).toEqual(['before-master asked', 'before-master asked']);
    expect(answerOf(rig, 'outside', 1)).toEqual(['before-master granted']);
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    expect(rig.elapse(milliseconds(500))).toContain('before-master timed-out');
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('a member that hears a MASTER meanwhile makes all of it void', () => {
    const rig = group(PROCEED, PROCEED);
    rig.start();
    untilAsked(rig);
    answerOf(rig, 'outside', 1);
    expect(hearOf(rig, 2, 200)).toEqual(['before-master withdrawn']);
    expect(answerOf(rig, 'inside', 2)).toEqual([]);
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    expect(untilAsked(rig)).toEqual(['before-master asked', 'before-master asked']);
  });

  test('one that is aborted begins anew for the whole group', () => {
    const rig = group(PROCEED, ABORT);
    rig.start();
    untilAsked(rig);
    answerOf(rig, 'outside', 1);
    expect(answerOf(rig, 'inside', 2, false)).toEqual(['before-master refused']);
    expect(rig.elapse(seconds(3))).toEqual([]);
    untilAsked(rig);
    answerOf(rig, 'outside', 3);
    answerOf(rig, 'inside', 4);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('a member that comes back to its group waits as well', () => {
    const rig = group(undefined, PROCEED);
    rig.start();
    untilAsked(rig);
    answerOf(rig, 'inside', 1);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
    hearOf(rig, 2, 200);
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    untilAsked(rig);
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
  });

  test('is withdrawn when the group stops', () => {
    const rig = group(undefined, PROCEED);
    rig.start();
    untilAsked(rig);
    expect(rig.handle({ kind: 'shutdown' })).toContain('before-master withdrawn');
  });
});
