import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { advert, Rig, type RigOptions } from '../rig.ts';

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
    options: RigOptions = {},
  ): Rig {
    const withIt = (one: InstanceSettings['beforeMaster']) => one && { beforeMaster: one };
    return new Rig([member('outside', 1, withIt(outside)), member('inside', 2, withIt(inside))], {
      syncGroups: [{ name: 'gateway', instances: ['outside', 'inside'], mode: 'all', track: [] }],
      ...options,
    });
  }

  /** Runs until a request is made; returns the reports until then. */
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

  test('no member is MASTER before the one that has to wait has permission', () => {
    const rig = group(undefined, PROCEED);
    rig.start();
    untilAsked(rig);
    rig.elapse(milliseconds(400));
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    expect(answerOf(rig, 'inside', 1).filter((line) => line.includes('MASTER ('))).toHaveLength(2);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('all are asked at the same time, and the last answer decides', () => {
    const rig = group(PROCEED, PROCEED);
    rig.start();
    expect(untilAsked(rig)).toEqual(['before-master asked', 'before-master asked']);
    expect(answerOf(rig, 'outside', 1)).toEqual(['before-master granted']);
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    expect(rig.elapse(milliseconds(500))).toContain('before-master timed-out');
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('a member that hears a MASTER meanwhile withdraws all requests', () => {
    const rig = group(PROCEED, PROCEED);
    rig.start();
    untilAsked(rig);
    answerOf(rig, 'outside', 1);
    expect(hearOf(rig, 2, 200)).toEqual(['before-master withdrawn']);
    expect(answerOf(rig, 'inside', 2)).toEqual([]);
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    expect(untilAsked(rig)).toEqual(['before-master asked', 'before-master asked']);
  });

  test('an abort starts over for the whole group', () => {
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

  test('a member that returns to its group waits as well', () => {
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

  test('continues when the MASTER of a member resigns', () => {
    const rig = group(PROCEED, PROCEED);
    rig.start();
    untilAsked(rig);
    expect(hearOf(rig, 2, 0)).toEqual([]);
    answerOf(rig, 'outside', 1);
    answerOf(rig, 'inside', 2);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('is withdrawn by a reload that removes the group, and requested again for each alone', () => {
    const rig = group(undefined, PROCEED);
    rig.start();
    untilAsked(rig);
    const common = { router: 'lb1', linger: 'off' as const };
    const [outside, inside] = rig.engine.instances;
    if (outside === undefined || inside === undefined) throw new Error('two instances');
    const change = settingsChange(
      { ...common, instances: [outside, inside], syncGroups: [] },
      { ...common, instances: [outside, inside], syncGroups: [] },
    );
    const lines = rig.handle({ kind: 'settings.changed', change });
    expect(lines).toEqual(['before-master withdrawn']);
    expect(rig.turn()).toContain('before-master asked');
    expect(states(rig)).toEqual(['MASTER', 'BACKUP']);
    answerOf(rig, 'inside', 2);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('is not requested again by a reload that does not change the group', () => {
    const rig = group(undefined, PROCEED);
    rig.start();
    untilAsked(rig);
    const syncGroups = [
      { name: 'gateway', instances: ['outside', 'inside'], mode: 'all', track: [] },
    ] as const;
    const settings = { router: 'lb1', linger: 'off' as const, syncGroups };
    const instances = rig.engine.instances;
    const change = settingsChange({ ...settings, instances }, { ...settings, instances });
    expect(rig.handle({ kind: 'settings.changed', change })).toEqual([]);
    answerOf(rig, 'inside', 1);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('is requested again by the next process, for the whole group', () => {
    const old = group(PROCEED, PROCEED);
    old.start();
    untilAsked(old);
    answerOf(old, 'outside', 1);
    const next = group(PROCEED, PROCEED, { standby: true });
    next.now = old.now;
    next.start();
    next.handle({ kind: 'adopt', capture: JSON.parse(JSON.stringify(old.engine.capture())) });
    expect(next.turn()).toEqual(['before-master asked', 'before-master asked']);
    answerOf(next, 'inside', 2);
    answerOf(next, 'outside', 1);
    expect(states(next)).toEqual(['MASTER', 'MASTER']);
  });
});
