import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  encodeOperatorLock,
  type OperatorLock,
} from '../../../../src/daemon/operator/operator-lock.ts';
import { OperatorLockStore } from '../../../../src/daemon/operator/operator-lock-store.ts';
import { OperatorLocks } from '../../../../src/daemon/operator/operator-locks.ts';

const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const SINCE = new Date(NOW).toISOString();

function lock(until: string | null = null): OperatorLock {
  return {
    maintenance: { since: SINCE, until, by: 'alice', reason: null },
    heldBack: null,
  };
}

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function locksIn(path: string): OperatorLocks {
  return new OperatorLocks(new OperatorLockStore(path));
}

describe('locks', () => {
  test('of an earlier run are in force again', async () => {
    const path = directory();
    expect(await (await locksIn(path).prepare('web', lock())).commit()).toBeUndefined();
    const next = locksIn(path);
    expect(await next.load(['web', 'db'], NOW)).toEqual([]);
    expect(next.of('web')).toEqual(lock());
    expect(next.of('db')).toEqual({ maintenance: null, heldBack: null });
  });

  test('may be missing, and the directory is created with the first one', async () => {
    const path = join(directory(), 'not', 'there');
    const locks = locksIn(path);
    expect(await locks.load(['web'], NOW)).toEqual([]);
    expect(await locks.change('web', lock())).toBeUndefined();
    expect(readdirSync(join(path, 'instances'))).toEqual(['web.json']);
  });

  test('that expired while the agent was down are not in force', async () => {
    const path = directory();
    await locksIn(path).change('web', lock(new Date(NOW).toISOString()));
    const next = locksIn(path);
    expect(await next.load(['web'], NOW)).toEqual([]);
    expect(next.of('web').maintenance).toBeNull();
  });

  test('that are only prepared are neither in force nor kept', async () => {
    const path = directory();
    const locks = locksIn(path);
    const draft = await locks.prepare('web', lock());
    expect(locks.of('web').maintenance).toBeNull();
    const crashed = locksIn(path);
    await crashed.load(['web'], NOW);
    expect(crashed.of('web').maintenance).toBeNull();
    await draft.abandon();
    expect(readdirSync(join(path, 'instances'))).toEqual([]);
  });

  test('that are prepared in part keep what was changed in between', async () => {
    const path = directory();
    const locks = locksIn(path);
    const heldBack = { since: SINCE, by: 'bob' };
    const draft = await locks.prepareChange('web', { heldBack });
    await locks.change('web', lock());
    expect(await draft.commit()).toBeUndefined();
    const next = locksIn(path);
    await next.load(['web'], NOW);
    expect(next.of('web')).toEqual({ ...lock(), heldBack });
    expect(readdirSync(join(path, 'instances'))).toEqual(['web.json']);
  });

  test('that end leave no file', async () => {
    const path = directory();
    const locks = locksIn(path);
    await locks.change('web', lock());
    expect(await locks.change('web', { maintenance: null })).toBeUndefined();
    expect(await locks.change('web', { maintenance: null })).toBeUndefined();
    expect(readdirSync(join(path, 'instances'))).toEqual([]);
  });

  test('that change at the same time keep the last change', async () => {
    const path = directory();
    const locks = locksIn(path);
    const heldBack = { since: SINCE, by: 'bob' };
    await Promise.all([
      locks.change('web', lock()),
      locks.change('web', { maintenance: null }),
      locks.change('web', { heldBack }),
    ]);
    const text = readFileSync(join(path, 'instances', 'web.json'), 'utf8');
    expect(text).toBe(encodeOperatorLock('web', { maintenance: null, heldBack }));
  });

  test('that an earlier run was writing when it ended are discarded', async () => {
    const path = directory();
    mkdirSync(join(path, 'instances'));
    writeFileSync(join(path, 'instances', 'web.json.99999999.3'), '{"vers');
    expect(await locksIn(path).load(['web'], NOW)).toEqual([]);
    expect(readdirSync(join(path, 'instances'))).toEqual([]);
  });

  test('know which one expires next', async () => {
    const locks = locksIn(directory());
    expect(locks.nextExpiry()).toBeUndefined();
    await locks.change('web', lock(new Date(NOW + 5_000).toISOString()));
    await locks.change('db', lock(new Date(NOW + 2_000).toISOString()));
    await locks.change('mail', lock());
    expect(locks.nextExpiry()).toBe(NOW + 2_000);
    expect(locks.expired(NOW + 3_000)).toEqual(['db']);
  });
});

describe('a damaged state directory', () => {
  test('a damaged file holds its instance back, as it may be in maintenance', async () => {
    const path = directory();
    mkdirSync(join(path, 'instances'));
    writeFileSync(join(path, 'instances', 'web.json'), '{"version":1,"maint');
    const locks = locksIn(path);
    const problems = await locks.load(['web', 'db'], NOW);
    const file = join(path, 'instances', 'web.json');
    const message = `${file}: it is damaged, kept as ${file}.damaged`;
    expect(problems).toEqual([{ instance: 'web', message }]);
    expect(locks.of('web').heldBack).toMatchObject({ since: SINCE });
    expect(locks.of('db').heldBack).toBeNull();
  });

  test('a damaged file holds its instance back again after a restart, until a command replaces it', async () => {
    const path = directory();
    mkdirSync(join(path, 'instances'));
    writeFileSync(join(path, 'instances', 'web.json'), '{"version":1,"maint');
    await locksIn(path).load(['web'], NOW);
    const locks = locksIn(path);
    expect(await locks.load(['web'], NOW)).toHaveLength(1);
    await locks.change('web', { maintenance: null, heldBack: null });
    expect(await locksIn(path).load(['web'], NOW)).toEqual([]);
    const copy = join(path, 'instances', 'web.json.damaged');
    expect(readFileSync(copy, 'utf8')).toBe('{"version":1,"maint');
  });

  test('that is a file holds every instance back and reports write errors', async () => {
    const path = join(directory(), 'state');
    writeFileSync(path, '');
    const locks = locksIn(path);
    const problems = await locks.load(['web', 'db'], NOW);
    expect(problems).toMatchObject([
      { instance: null, message: expect.stringContaining('ENOTDIR') },
    ]);
    expect(locks.of('web').heldBack).not.toBeNull();
    expect(locks.of('db').heldBack).not.toBeNull();
    const draft = await locks.prepare('web', lock());
    expect(draft.failure).toMatch(/instances\/web\.json cannot be written: .*(ENOTDIR|EEXIST)/);
    expect(await draft.commit()).toBe(draft.failure);
    expect(locks.of('web')).toEqual(lock());
  });

  test('the file of an instance that is not configured stays', async () => {
    const path = directory();
    await locksIn(path).change('old', lock());
    expect(await locksIn(path).load(['web'], NOW)).toEqual([]);
    expect(readdirSync(join(path, 'instances'))).toEqual(['old.json']);
  });
});
