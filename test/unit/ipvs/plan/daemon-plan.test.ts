import { describe, expect, test } from 'vitest';
import {
  planDaemons,
  type StaleReason,
  wantedRoles,
} from '../../../../src/ipvs/plan/daemon-plan.ts';
import { ip } from '../../../../src/net/address.ts';
import type { DaemonRole, SyncDaemon } from '../../../../src/net/ipvs.ts';
import { instant, NEVER } from '../../../../src/net/time.ts';

function daemon(role: DaemonRole, more: Partial<SyncDaemon> = {}): SyncDaemon {
  const rest = { group: ip('224.0.0.81'), port: 8848, ttl: 1, maximumLength: undefined };
  return { role, interface: 'eth1', syncId: 55, ...rest, ...more };
}

function roles(mode: 'follow' | 'both', isMaster: boolean, since: number | undefined, now: number) {
  return wantedRoles({
    mode,
    isMaster,
    isBackupOnly: false,
    since: since === undefined ? undefined : instant(since),
    now: instant(now),
  });
}

describe('the wanted roles', () => {
  test('follow the state', () => {
    expect(roles('follow', false, undefined, 0)).toEqual({ roles: ['backup'], until: NEVER });
    expect(roles('follow', true, 0, 9_000_000)).toEqual({ roles: ['master'], until: NEVER });
  });

  test('D-05 a MASTER that released its VIPs sends until its last buffer has left', () => {
    expect(roles('follow', false, 1_000_000, 4_499_999)).toEqual({
      roles: ['backup', 'master'],
      until: 4_500_000,
    });
    expect(roles('follow', false, 1_000_000, 4_500_000).roles).toEqual(['backup']);
  });

  test('a new MASTER receives for longer than the former one sends', () => {
    expect(roles('follow', true, 1_000_000, 5_999_999)).toEqual({
      roles: ['master', 'backup'],
      until: 6_000_000,
    });
    expect(roles('follow', true, 1_000_000, 6_000_000).roles).toEqual(['master']);
  });

  test('FR-N2 a new MASTER with backup_only does not receive: the kernel would balance nothing', () => {
    const situation = {
      mode: 'follow',
      isBackupOnly: true,
      since: instant(0),
      now: instant(1),
    } as const;
    const master = wantedRoles({ ...situation, isMaster: true });
    expect(master).toEqual({ roles: ['master'], until: NEVER });
    const backup = wantedRoles({ ...situation, isMaster: false });
    expect(backup).toEqual({ roles: ['backup', 'master'], until: 3_500_000 });
  });

  test('are both in mode `both`', () => {
    expect(roles('both', false, 5, 6)).toEqual({ roles: ['master', 'backup'], until: NEVER });
  });
});

describe('the plan for the daemons', () => {
  const none = { tolerated: [], stale: new Map<DaemonRole, StaleReason>(), stopsFirst: false };

  test('is empty if nothing differs', () => {
    const wanted = [daemon('backup')];
    expect(
      planDaemons({ ...none, wanted, actual: [daemon('backup', { maximumLength: 1472 })] }),
    ).toBe(undefined);
  });

  test('starts missing daemons before it stops surplus ones', () => {
    const wanted = [daemon('master')];
    expect(planDaemons({ ...none, wanted, actual: [daemon('backup')] })).toEqual({
      kind: 'start',
      daemon: daemon('master'),
    });
    expect(planDaemons({ ...none, wanted, actual: [daemon('master'), daemon('backup')] })).toEqual({
      kind: 'stop',
      role: 'backup',
      why: 'unwanted',
    });
  });

  test('FR-N2 stops surplus daemons first where they stop the balancing', () => {
    const wanted = [daemon('master')];
    const plan = { ...none, stopsFirst: true, wanted, actual: [daemon('backup')] };
    expect(planDaemons(plan)).toEqual({ kind: 'stop', role: 'backup', why: 'unwanted' });
    expect(planDaemons({ ...plan, actual: [] })).toMatchObject({ kind: 'start' });
  });

  test('FR-N11 knows that a backup daemon receives at least 1024 bytes', () => {
    const wanted = [
      daemon('master', { maximumLength: 600 }),
      daemon('backup', { maximumLength: 600 }),
    ];
    const actual = [
      daemon('master', { maximumLength: 600 }),
      daemon('backup', { maximumLength: 1_024 }),
    ];
    expect(planDaemons({ ...none, wanted, actual })).toBe(undefined);
    const other = [daemon('master', { maximumLength: 1_024 }), actual[1] ?? daemon('backup')];
    expect(planDaemons({ ...none, wanted, actual: other })).toMatchObject({ why: 'changed' });
  });

  test('FR-N12 stops every stale daemon before it starts one', () => {
    const stale = new Map<DaemonRole, StaleReason>([
      ['master', 'changed'],
      ['backup', 'changed'],
    ]);
    const wanted = [daemon('master'), daemon('backup')];
    const plan = { ...none, stale, wanted };
    expect(planDaemons({ ...plan, actual: wanted })).toMatchObject({
      kind: 'stop',
      role: 'master',
    });
    expect(planDaemons({ ...plan, actual: [daemon('backup')] })).toMatchObject({
      kind: 'stop',
      role: 'backup',
    });
    expect(planDaemons({ ...plan, actual: [] })).toMatchObject({ kind: 'start' });
  });

  test('does not start a daemon only to let it linger', () => {
    const wanted = [daemon('backup'), daemon('master')];
    const actual = [daemon('backup')];
    expect(planDaemons({ ...none, wanted, tolerated: ['master'], actual })).toBe(undefined);
  });

  test.each([
    { interface: 'eth2' },
    { syncId: 56 },
    { group: ip('224.0.0.82') },
    { port: 8849 },
    { ttl: 2 },
  ])('restarts a daemon that differs: %j', (difference) => {
    const actual = [daemon('backup', difference)];
    expect(planDaemons({ ...none, wanted: [daemon('backup')], actual })).toEqual({
      kind: 'stop',
      role: 'backup',
      why: 'changed',
    });
  });

  test('restarts a deaf daemon', () => {
    const stale = new Map<DaemonRole, StaleReason>([['backup', 'deaf']]);
    const wanted = [daemon('backup')];
    expect(planDaemons({ ...none, stale, wanted, actual: wanted })).toEqual({
      kind: 'stop',
      role: 'backup',
      why: 'deaf',
    });
  });

  test('D-03 sees no difference in what an old kernel does not report', () => {
    const silent = { group: undefined, port: undefined, ttl: undefined };
    const actual = [daemon('backup', silent)];
    expect(planDaemons({ ...none, wanted: [daemon('backup')], actual })).toBe(undefined);
  });

  test('stops daemons that are not wanted', () => {
    expect(planDaemons({ ...none, wanted: [], actual: [daemon('master')] })).toEqual({
      kind: 'stop',
      role: 'master',
      why: 'unwanted',
    });
  });
});
