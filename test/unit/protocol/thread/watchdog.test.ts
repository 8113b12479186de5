import { describe, expect, test } from 'vitest';
import { type Instant, instant, milliseconds, seconds } from '../../../../src/net/time.ts';
import { Watchdog, watchdogOf } from '../../../../src/protocol/thread/watchdog.ts';

test('the watchdog is fed only while the protocol meets its deadlines', () => {
  const messages: string[] = [];
  let armed: Instant | undefined;
  let overdue = -5_000;
  let beats = 0;
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
    beats: () => ++beats,
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

test('FR-O2 the watchdog is not fed once the main thread has been silent for its whole interval', () => {
  const messages: string[] = [];
  let beats = 7;
  const watchdog = new Watchdog({
    clock: { now: () => instant(1_000_000), arm: () => {} },
    everyMs: 100,
    send: (message) => messages.push(message) > 0,
    overdue: () => -5_000,
    beats: () => beats,
  });
  const fed = () => {
    watchdog.fire();
    return messages.splice(0).length === 1;
  };
  expect([fed(), fed(), fed()]).toEqual([true, true, true]);
  expect([fed(), fed()]).toEqual([false, false]);
  beats += 1;
  expect(fed()).toBe(true);
});

describe('the watchdog', () => {
  const NOTIFY_SOCKET = '/run/notify';

  test('is fed three times in its interval', () => {
    const settings = watchdogOf({ NOTIFY_SOCKET, WATCHDOG_USEC: '3000000' }, 42);
    expect(settings).toEqual({ socket: '/run/notify', everyMs: 1_000 });
  });

  test('of this process is fed', () => {
    const given = { NOTIFY_SOCKET, WATCHDOG_USEC: '3000000', WATCHDOG_PID: '42' };
    expect(watchdogOf(given, 42)).toBeDefined();
  });

  test.each([
    [{}],
    [{ NOTIFY_SOCKET }],
    [{ WATCHDOG_USEC: '3000000' }],
    [{ NOTIFY_SOCKET, WATCHDOG_USEC: '0' }],
    [{ NOTIFY_SOCKET, WATCHDOG_USEC: 'soon' }],
    [{ NOTIFY_SOCKET, WATCHDOG_USEC: '3000000', WATCHDOG_PID: '43' }],
  ])('that is off, or watches another process, is not fed: %o', (environment) => {
    expect(watchdogOf(environment, 42)).toBeUndefined();
  });
});
