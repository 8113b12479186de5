import { describe, expect, test } from 'vitest';
import { ServiceManager, watchdogOf } from '../../../../src/protocol/thread/service-manager.ts';

function managed() {
  const messages: string[] = [];
  const port = { send: (message: string) => messages.push(message) > 0 };
  return { messages, manager: new ServiceManager(port, () => 1_234_567_890n) };
}

describe('the service manager', () => {
  test('hears when the agent is ready, reloads and stops', () => {
    const { messages, manager } = managed();
    manager.ready();
    manager.reloading();
    manager.ready();
    manager.stopping();
    expect(messages).toEqual([
      'READY=1',
      'RELOADING=1\nMONOTONIC_USEC=1234567',
      'READY=1',
      'STOPPING=1\nSTATUS=letting go',
    ]);
  });

  test('hears of states in a few words, once the agent is ready', () => {
    const { messages, manager } = managed();
    manager.states(['INIT']);
    manager.ready();
    manager.states(['BACKUP', 'MASTER', 'BACKUP', 'FAULT']);
    expect(messages).toEqual(['READY=1', 'STATUS=1 MASTER, 2 BACKUP, 1 FAULT']);
  });

  test('that is not there hears nothing', () => {
    expect(() => new ServiceManager(undefined).ready()).not.toThrow();
  });
});

describe('the watchdog', () => {
  const NOTIFY_SOCKET = '/run/notify';

  test('is fed three times in its time', () => {
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
  ])('of nobody, or of another process, is not: %o', (environment) => {
    expect(watchdogOf(environment, 42)).toBeUndefined();
  });
});
