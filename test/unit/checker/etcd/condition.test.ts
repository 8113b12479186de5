/** Whether etcd is near enough: what the minute's question measures. */
import { afterEach, expect, test } from 'vitest';
import type { WitnessCondition } from '../../../../src/checker/channel/witness-messages.ts';
import { EtcdCluster } from '../../../../src/checker/etcd/cluster.ts';
import { ConditionCheck } from '../../../../src/checker/etcd/condition.ts';
import { FakeMember } from './fake-etcd.ts';

const opened: { close(): void | Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

test.each([
  [0, 1],
  [60_000, 0],
])(
  'an etcd whose answers leave %d ms for taking a key gives %d problems',
  async (takeMs, count) => {
    const member = await FakeMember.start();
    opened.push(member);
    const cluster = new EtcdCluster({
      ...{ endpoints: [member.origin], tls: { ca: undefined, cert: undefined, key: undefined } },
      ...{ user: undefined, attemptMs: 10_000, staggerMs: 10_000 },
    });
    const found: WitnessCondition[] = [];
    const check = new ConditionCheck({
      ...{ cluster, prefix: '/pair/', director: 'lb1', host: 'host', routers: new Map() },
      ...{ attemptMs: 10_000, takeMs, everyMs: { good: 1, bad: 1 } },
      report: (condition) => found.push(condition),
    });
    opened.push(check);
    check.start();
    const questions = () => member.asked.filter((path) => path === '/v3/kv/txn').length;
    await expect.poll(questions, { timeout: 10_000, interval: 2 }).toBeGreaterThan(3);
    const problems = found.at(-1)?.problems ?? [];
    expect(problems.length).toBe(count);
    if (count > 0)
      expect(problems[0]).toMatch(/too far away for this "ttl".* at least 1 s on every director/);
  },
);
