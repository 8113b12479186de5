import { describe, expect, test } from 'vitest';
import { HealthCheck } from '../../../../src/observe/http/health.ts';

/** A thread that answers when the test says so. */
function thread() {
  const waiting: (() => void)[] = [];
  const clock = { now: 0 };
  const check = new HealthCheck({
    ping: () => new Promise((resolve) => waiting.push(resolve)),
    now: () => clock.now,
    timeoutMs: 20,
  });
  return { check, clock, waiting, answer: () => waiting.shift()?.() };
}

describe('the health of the agent', () => {
  test('is good if the protocol thread answers', async () => {
    const { check, answer } = thread();
    const asked = check.check();
    answer();
    expect(await asked).toEqual({ healthy: true });
  });

  test('is bad if it does not answer, and shows for how long', async () => {
    const { check, clock, answer } = thread();
    const first = check.check();
    answer();
    await first;
    clock.now = 4_200;
    expect(await check.check()).toEqual({
      healthy: false,
      reason: 'the protocol thread has not answered for 4.2 s',
    });
  });

  test('is good again after a late answer', async () => {
    const { check, answer } = thread();
    expect(await check.check()).toMatchObject({ healthy: false });
    answer();
    await Promise.resolve();
    expect(await check.check()).toEqual({ healthy: true });
  });

  test('pings the thread once for concurrent checks', async () => {
    const { check, clock, waiting, answer } = thread();
    const several = [check.check(), check.check(), check.check()];
    expect(waiting).toHaveLength(1);
    answer();
    await Promise.all(several);
    await check.check();
    expect(waiting).toHaveLength(0);
    clock.now = 600;
    const later = check.check();
    expect(waiting).toHaveLength(1);
    answer();
    await later;
  });
});
