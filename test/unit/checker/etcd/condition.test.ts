/** The minute's question: how often it is asked, of whom, and whether etcd is near enough. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { WitnessCondition } from '../../../../src/checker/channel/witness-messages.ts';
import { EtcdCluster } from '../../../../src/checker/etcd/cluster.ts';
import { ConditionCheck } from '../../../../src/checker/etcd/condition.ts';
import { FakeCluster, FakeMember } from './fake-etcd.ts';

const opened: { close(): void | Promise<void> }[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const one of opened.splice(0).toReversed()) await one.close();
});

interface Rig {
  readonly check: ConditionCheck;
  readonly members: readonly FakeMember[];
  readonly found: readonly WitnessCondition[];
}

async function rig(
  options: { count?: number; takeMs?: number; everyMs?: number; isDown?: boolean } = {},
): Promise<Rig> {
  const { count = 1, takeMs = 60_000, isDown = false, ...rest } = options;
  const shared = new FakeCluster();
  const members = await Promise.all(Array.from({ length: count }, () => FakeMember.start(shared)));
  opened.push(...members);
  if (isDown) for (const one of members) one.faults.set('*', { destroy: true });
  const cluster = new EtcdCluster({
    endpoints: members.map(({ origin }) => origin),
    tls: { ca: undefined, cert: undefined, key: undefined },
    ...{ user: undefined, attemptMs: 10_000, staggerMs: 10_000 },
  });
  const found: WitnessCondition[] = [];
  const check = new ConditionCheck({
    ...{ cluster, prefix: '/pair/', director: 'lb1', host: 'host', routers: new Map() },
    ...{ attemptMs: 10_000, takeMs, ...rest },
    report: (condition) => found.push(condition),
  });
  opened.push(check);
  check.start();
  return { check, members, found };
}

const WAIT = { timeout: 10_000, interval: 2 };

describe("the minute's question", () => {
  test('is asked once a minute also while etcd is down', async () => {
    const pauses = vi.spyOn(globalThis, 'setTimeout');
    const { found } = await rig({ isDown: true });
    await expect.poll(() => found.at(-1)?.up, WAIT).toBe(false);
    const looks = pauses.mock.calls.filter(([, pause]) => Number(pause) > 10_000);
    expect(looks.map(([, pause]) => pause)).toEqual([60_000]);
  });

  test('is not put off by an engine whose answers come and fail in turn', async () => {
    const pauses = vi.spyOn(globalThis, 'setTimeout');
    const { check, found } = await rig({ isDown: true });
    await expect.poll(() => found.at(-1)?.up, WAIT).toBe(false);
    for (const failure of [undefined, 'no answer', undefined, 'no answer']) check.learned(failure);
    expect(found.map(({ up }) => up)).toEqual([false, true, false, true, false]);
    expect(pauses.mock.calls.filter(([, pause]) => Number(pause) > 10_000)).toHaveLength(1);
  });

  test('is asked again after each of them', async () => {
    const { members } = await rig({ everyMs: 1 });
    await expect.poll(() => members[0]?.asked.length, WAIT).toBeGreaterThan(3);
  });

  test('is asked of each member once, if none of them answers', async () => {
    const { members, found } = await rig({ count: 3, everyMs: 60_000, isDown: true });
    await expect.poll(() => found.length, WAIT).toBe(1);
    expect(members.map(({ connections }) => connections)).toEqual([1, 1, 1]);
    const [condition] = found;
    expect(condition?.endpoints.map(({ state }) => state)).toEqual(['down', 'down', 'down']);
    for (const { origin } of members) expect(condition?.detail).toContain(origin);
  });

  test('is asked of the member whose turn it is, while that one answers', async () => {
    const { members } = await rig({ count: 3, everyMs: 1 });
    const asked = () => members.map((one) => one.asked.filter((path) => path === TXN).length);
    await expect.poll(() => Math.min(...asked()), WAIT).toBeGreaterThan(2);
    const counts = asked();
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(2);
  });
});

const TXN = '/v3/kv/txn';

test.each([
  [0, 1],
  [60_000, 0],
])(
  'an etcd whose answers leave %d ms for taking a key gives %d problems',
  async (takeMs, count) => {
    const { members, found } = await rig({ takeMs, everyMs: 1 });
    const questions = () => members[0]?.asked.filter((path) => path === TXN).length;
    await expect.poll(questions, WAIT).toBeGreaterThan(3);
    const problems = found.at(-1)?.problems ?? [];
    expect(problems.length).toBe(count);
    if (count > 0)
      expect(problems[0]).toMatch(/too far away for this "ttl".* at least 1 s on every director/);
  },
);
