import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encodeOperatorLock, type OperatorLock } from '../../../../src/daemon/operator/order.ts';
import { OrderStore } from '../../../../src/daemon/operator/order-store.ts';
import { OperatorLocks } from '../../../../src/daemon/operator/orders.ts';

const NOW = Date.parse('2026-03-01T10:00:00.000Z');
const SINCE = new Date(NOW).toISOString();

function order(until: string | null = null): OperatorLock {
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

function ordersIn(path: string): OperatorLocks {
  return new OperatorLocks(new OrderStore(path));
}

describe('orders', () => {
  test('of a former run are in force again', async () => {
    const path = directory();
    expect(await (await ordersIn(path).prepare('web', order())).commit()).toBeUndefined();
    const next = ordersIn(path);
    expect(await next.load(['web', 'db'], NOW)).toEqual([]);
    expect(next.of('web')).toEqual(order());
    expect(next.of('db')).toEqual({ maintenance: null, heldBack: null });
  });

  test('that nobody has given yet are no trouble, and the directory is made when it is needed', async () => {
    const path = join(directory(), 'not', 'there');
    const orders = ordersIn(path);
    expect(await orders.load(['web'], NOW)).toEqual([]);
    expect(await orders.change('web', order())).toBeUndefined();
    expect(readdirSync(join(path, 'instances'))).toEqual(['web.json']);
  });

  test('that have expired while the agent was down are not in force', async () => {
    const path = directory();
    await ordersIn(path).change('web', order(new Date(NOW).toISOString()));
    const next = ordersIn(path);
    expect(await next.load(['web'], NOW)).toEqual([]);
    expect(next.of('web').maintenance).toBeNull();
  });

  test('that are prepared only are neither in force nor kept', async () => {
    const path = directory();
    const orders = ordersIn(path);
    const draft = await orders.prepare('web', order());
    expect(orders.of('web').maintenance).toBeNull();
    const crashed = ordersIn(path);
    await crashed.load(['web'], NOW);
    expect(crashed.of('web').maintenance).toBeNull();
    await draft.abandon();
    expect(readdirSync(join(path, 'instances'))).toEqual([]);
  });

  test('that end leave no file', async () => {
    const path = directory();
    const orders = ordersIn(path);
    await orders.change('web', order());
    expect(await orders.change('web', { maintenance: null })).toBeUndefined();
    expect(await orders.change('web', { maintenance: null })).toBeUndefined();
    expect(readdirSync(join(path, 'instances'))).toEqual([]);
  });

  test('that change at the same time end as the last one', async () => {
    const path = directory();
    const orders = ordersIn(path);
    const heldBack = { since: SINCE, by: 'bob' };
    await Promise.all([
      orders.change('web', order()),
      orders.change('web', { maintenance: null }),
      orders.change('web', { heldBack }),
    ]);
    const text = readFileSync(join(path, 'instances', 'web.json'), 'utf8');
    expect(text).toBe(encodeOperatorLock('web', { maintenance: null, heldBack }));
  });

  test('that a former run was writing when it ended are thrown away', async () => {
    const path = directory();
    mkdirSync(join(path, 'instances'));
    writeFileSync(join(path, 'instances', 'web.json.99999999.3'), '{"vers');
    expect(await ordersIn(path).load(['web'], NOW)).toEqual([]);
    expect(readdirSync(join(path, 'instances'))).toEqual([]);
  });

  test('know what ends next', async () => {
    const orders = ordersIn(directory());
    expect(orders.nextExpiry()).toBeUndefined();
    await orders.change('web', order(new Date(NOW + 5_000).toISOString()));
    await orders.change('db', order(new Date(NOW + 2_000).toISOString()));
    await orders.change('mail', order());
    expect(orders.nextExpiry()).toBe(NOW + 2_000);
    expect(orders.expired(NOW + 3_000)).toEqual(['db']);
  });
});

describe('a state directory that is not as it should be', () => {
  test('a damaged file holds its instance back: nobody knows whether it is in maintenance', async () => {
    const path = directory();
    mkdirSync(join(path, 'instances'));
    writeFileSync(join(path, 'instances', 'web.json'), '{"version":1,"maint');
    const orders = ordersIn(path);
    const trouble = await orders.load(['web', 'db'], NOW);
    const file = join(path, 'instances', 'web.json');
    const message = `${file}: it is damaged, kept as ${file}.damaged`;
    expect(trouble).toEqual([{ instance: 'web', message }]);
    expect(orders.of('web').heldBack).toMatchObject({ since: SINCE });
    expect(orders.of('db').heldBack).toBeNull();
  });

  test('a damaged file holds its instance back again after a restart, until a command replaces it', async () => {
    const path = directory();
    mkdirSync(join(path, 'instances'));
    writeFileSync(join(path, 'instances', 'web.json'), '{"version":1,"maint');
    await ordersIn(path).load(['web'], NOW);
    const orders = ordersIn(path);
    expect(await orders.load(['web'], NOW)).toHaveLength(1);
    await orders.change('web', { maintenance: null, heldBack: null });
    expect(await ordersIn(path).load(['web'], NOW)).toEqual([]);
    const copy = join(path, 'instances', 'web.json.damaged');
    expect(readFileSync(copy, 'utf8')).toBe('{"version":1,"maint');
  });

  test('that is a file holds every instance back, and says what cannot be written', async () => {
    const path = join(directory(), 'state');
    writeFileSync(path, '');
    const orders = ordersIn(path);
    const trouble = await orders.load(['web', 'db'], NOW);
    expect(trouble).toMatchObject([
      { instance: null, message: expect.stringContaining('ENOTDIR') },
    ]);
    expect(orders.of('web').heldBack).not.toBeNull();
    expect(orders.of('db').heldBack).not.toBeNull();
    const draft = await orders.prepare('web', order());
    expect(draft.failure).toMatch(/instances\/web\.json cannot be written: .*(ENOTDIR|EEXIST)/);
    expect(await draft.commit()).toBe(draft.failure);
    expect(orders.of('web')).toEqual(order());
  });

  test('a file of an instance that is not configured is left alone', async () => {
    const path = directory();
    await ordersIn(path).change('old', order());
    expect(await ordersIn(path).load(['web'], NOW)).toEqual([]);
    expect(readdirSync(join(path, 'instances'))).toEqual(['old.json']);
  });
});
