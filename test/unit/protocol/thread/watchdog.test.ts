import { expect, test } from 'vitest';
import { type Instant, instant, milliseconds, seconds } from '../../../../src/net/time.ts';
import { Watchdog } from '../../../../src/protocol/thread/watchdog.ts';

test('the watchdog is fed while the protocol keeps its deadlines, and not a moment longer', () => {
  const messages: string[] = [];
  let armed: Instant | undefined;
  let overdue = -5_000;
  const clock = {
    now: () => instant(1_000_000),
    arm: (deadline: Instant) => {
      armed = deadline;
    },
  };
  const watchdog = new Watchdog({
    clock,
    everyMs: 100,
    send: (message) => messages.push(message) > 0,
    overdue: () => overdue,
  });
  expect(armed).toBe(1_000_000 + milliseconds(100));
  watchdog.fire();
  overdue = seconds(1);
  watchdog.fire();
  expect(messages).toEqual(['WATCHDOG=1']);
  overdue = 100;
  watchdog.fire();
  expect(messages).toHaveLength(2);
});
