import { describe, expect, test } from 'vitest';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { advert, linkOf, Rig } from '../rig.ts';

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

describe('a takeover that waits for before_master', () => {
  test('sends nothing and adds no address while it waits', () => {
    const rig = waiting();
    expect(rig.elapse(milliseconds(499))).toEqual([]);
    expect(rig.state).toBe('BACKUP');
  });

  test('proceeds immediately when permission is granted', () => {
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

  test('is aborted at the deadline if so configured, and requested again later', () => {
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

  test('is withdrawn when another router is heard as MASTER', () => {
    const rig = waiting();
    expect(rig.hear(advert({ priority: 200 }))).toEqual(['before-master withdrawn']);
    expect(answer(rig, true)).toEqual([]);
    expect(rig.elapse(seconds(2))).toEqual([]);
    expect(rig.state).toBe('BACKUP');
  });

  test('keeps waiting while a lower priority advertises', () => {
    const rig = waiting();
    expect(rig.hear(advert({ priority: 50 }))).toEqual([]);
    answer(rig, true);
    expect(rig.state).toBe('MASTER');
  });

  test('keeps waiting when the MASTER resigns', () => {
    const rig = waiting();
    rig.hear(advert({ priority: 0 }));
    answer(rig, true);
    expect(rig.state).toBe('MASTER');
  });

  test('ignores the answer to an earlier request', () => {
    const rig = waiting();
    expect(answer(rig, true, 7)).toEqual([]);
    expect(rig.state).toBe('BACKUP');
  });

  test('is withdrawn when the agent stops', () => {
    const rig = waiting();
    expect(rig.handle({ kind: 'shutdown' })).toContain('before-master withdrawn');
    expect(answer(rig, true)).toEqual([]);
  });

  test('waits after the preempt delay too, and starts it again when it is aborted', () => {
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

describe('what happens while before_master is asked', () => {
  const PROCEED = { deadline: milliseconds(500), onFailure: 'proceed' } as const;

  function change(rig: Rig, after: Partial<InstanceSettings>): string[] {
    const settings = { router: 'lb1', linger: 'off' as const, syncGroups: [] };
    const before = { ...settings, instances: rig.engine.instances };
    const instances = before.instances.map((one) => ({ ...one, ...after }));
    const change = settingsChange(before, { ...settings, instances });
    return rig.handle({ kind: 'settings.changed', change });
  }

  /** Asked after a preempt delay of two seconds, beside a MASTER of lower priority. */
  function preempting(onFailure: 'proceed' | 'abort' = 'proceed'): Rig {
    const beforeMaster = { deadline: milliseconds(500), onFailure };
    const rig = new Rig([{ preemptDelay: seconds(2), beforeMaster }]);
    rig.start();
    const lines: string[] = [];
    while (!lines.includes('before-master asked')) {
      lines.push(...rig.hear(advert({ priority: 50 })), ...rig.elapse(milliseconds(100)));
    }
    return rig;
  }

  test('a lower priority that becomes MASTER first starts the preempt delay', () => {
    const rig = new Rig([{ preemptDelay: seconds(2), beforeMaster: PROCEED }]);
    rig.start();
    expect(rig.elapse(seconds(3.7))).toEqual(['before-master asked']);
    expect(rig.hear(advert({ priority: 50 }))).toEqual(['before-master withdrawn']);
    expect(answer(rig, true)).toEqual([]);
    rig.hear(advert({ priority: 50 }));
    expect(rig.elapse(seconds(1.9))).toEqual([]);
    expect(rig.elapse(seconds(0.1))).toEqual(['before-master asked']);
  });

  test('inhibiting preemption ends a preemption, but not a takeover from a dead MASTER', () => {
    const request = { type: 'failover', to: null, wait: seconds(1), force: true } as const;
    const ask = { kind: 'request', id: 1, instance: 'web', request } as const;
    expect(preempting().handle(ask)).toEqual(['before-master withdrawn']);
    const rig = waiting();
    expect(rig.handle(ask)).toEqual([]);
    answer(rig, true);
    expect(rig.state).toBe('MASTER');
  });

  test('a MASTER that dies while its preemption is requested, and aborted, is replaced in time', () => {
    const rig = preempting('abort');
    expect(answer(rig, false)).toEqual(['before-master refused']);
    expect(rig.elapse(seconds(2))).toContain('before-master asked');
  });

  test('a new deadline applies to the next request, a new on_failure to this one', () => {
    const rig = waiting('proceed');
    const beforeMaster = { deadline: seconds(9), onFailure: 'abort' } as const;
    expect(change(rig, { beforeMaster })).toEqual([]);
    expect(rig.elapse(milliseconds(500))).toEqual(['before-master timed-out']);
    expect(rig.state).toBe('BACKUP');
  });

  test('a configuration without before_master completes the takeover', () => {
    const rig = waiting();
    const without = rig.engine.instances.map(({ beforeMaster: _, ...one }) => one);
    const common = { router: 'lb1', linger: 'off' as const, syncGroups: [] };
    const before = { ...common, instances: rig.engine.instances };
    const change = settingsChange(before, { ...common, instances: without });
    const lines = rig.handle({ kind: 'settings.changed', change });
    expect(lines).toEqual(['before-master withdrawn']);
    expect(rig.turn()).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('disabling preemption withdraws its request', () => {
    const rig = preempting();
    expect(change(rig, { preempt: false })).toEqual(['before-master withdrawn']);
    expect(answer(rig, true)).toEqual([]);
    rig.hear(advert({ priority: 50 }));
    expect(rig.elapse(seconds(3))).toEqual([]);
  });

  test('other settings do not affect it', () => {
    const rig = waiting();
    expect(change(rig, { advertisementInterval: milliseconds(100) })).toEqual([]);
    answer(rig, true);
    expect(rig.state).toBe('MASTER');
  });

  test('a fault withdraws it', () => {
    const rig = waiting();
    expect(rig.start([linkOf({ running: false })])).toContain('before-master withdrawn');
    expect(answer(rig, true)).toEqual([]);
    expect(rig.state).toBe('FAULT');
  });

  test('a stall withdraws it: silence proves nothing', () => {
    const rig = waiting();
    rig.freeze(seconds(10));
    expect(rig.turn()).toContain('before-master withdrawn');
    expect(answer(rig, true)).toEqual([]);
    expect(rig.elapse(seconds(3.7))).toContain('before-master asked');
  });

  test('the next process asks again, with its own number', () => {
    const old = waiting();
    old.elapse(milliseconds(400));
    const next = new Rig([{ beforeMaster: PROCEED }], { standby: true });
    next.now = old.now;
    next.start();
    const capture = JSON.parse(JSON.stringify(old.engine.capture()));
    expect(next.handle({ kind: 'adopt', capture })).toEqual([]);
    expect(next.turn()).toEqual(['before-master asked']);
    expect(next.elapse(milliseconds(499))).toEqual([]);
    expect(answer(next, true)).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('the next process hears the MASTER that came meanwhile', () => {
    const old = waiting();
    const next = new Rig([{ beforeMaster: PROCEED }], { standby: true });
    next.now = old.now;
    next.start();
    next.handle({ kind: 'adopt', capture: JSON.parse(JSON.stringify(old.engine.capture())) });
    expect(next.hear(advert({ priority: 200 }))).toEqual([]);
    expect(next.elapse(seconds(3))).toEqual([]);
  });
});
