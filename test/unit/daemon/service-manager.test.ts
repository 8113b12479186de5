import { describe, expect, test } from 'vitest';
import { ServiceManager } from '../../../src/daemon/service-manager.ts';

function managed() {
  const messages: string[] = [];
  const port = { send: (message: string) => messages.push(message) > 0 };
  return { messages, manager: new ServiceManager(port, () => 1_234_567_890n) };
}

describe('the service manager', () => {
  test('is notified when the agent is ready, reloads and stops', () => {
    const { messages, manager } = managed();
    manager.ready();
    manager.reloading();
    manager.ready();
    manager.stopping();
    expect(messages).toEqual([
      'READY=1',
      'RELOADING=1\nMONOTONIC_USEC=1234567',
      'READY=1',
      'STOPPING=1\nSTATUS=releasing',
    ]);
  });

  test('gets a summary of the states once the agent is ready', () => {
    const { messages, manager } = managed();
    manager.states(['INIT']);
    manager.ready();
    manager.states(['BACKUP', 'MASTER', 'BACKUP', 'FAULT']);
    expect(messages).toEqual(['READY=1', 'STATUS=1 MASTER, 2 BACKUP, 1 FAULT']);
  });

  test('need not exist', () => {
    expect(() => new ServiceManager(undefined).ready()).not.toThrow();
  });
});
