import { createConnection } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ControlClient } from '../../../src/control/client.ts';
import { CommandRefusal } from '../../../src/control/commands.ts';
import { handedOver, operatorsThat } from './operators.ts';
import { modelOf, runControl } from './samples.ts';

/** A failover that ends when the test says so. */
function slowFailover() {
  let end = () => {};
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let isDone = false;
  const operators = operatorsThat({
    failover: async (instance) => {
      begin();
      await ended;
      isDone = true;
      return handedOver(instance);
    },
  });
  return { operators, begun, end, isDone: () => isDone };
}

describe('a request that waits', () => {
  test('is answered when it completes, and does not block others', async () => {
    const { operators, begun, end } = slowFailover();
    const { socket } = await runControl({ operators, limits: { timeoutMs: 100 } });
    const client = new ControlClient({ socket });
    const answer = client.operate('web', 'failover', {});
    await begun;
    // Longer than a silent client may stay connected.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await client.status()).router).toBe('lb1');
    end();
    expect(await answer).toEqual(handedOver('web'));
  });

  test('completes although its client has disconnected', async () => {
    const { operators, begun, end, isDone } = slowFailover();
    const { socket } = await runControl({ operators });
    const connection = createConnection(socket);
    connection.on('error', () => {});
    connection.write('POST /v1/instances/web/failover HTTP/1.1\r\nHost: a\r\n\r\n');
    await begun;
    connection.destroy();
    end();
    await expect.poll(isDone).toBe(true);
    expect((await new ControlClient({ socket }).status()).router).toBe('lb1');
  });

  test('is refused if too many are waiting', async () => {
    const { operators, begun, end } = slowFailover();
    const { socket } = await runControl({ operators, limits: { commands: 1 } });
    const client = new ControlClient({ socket });
    const first = client.operate('web', 'failover', {});
    await begun;
    await expect(client.operate('web', 'failover', {})).rejects.toMatchObject({
      status: 409,
      code: 'busy',
    });
    end();
    await first;
  });
});

describe('a request about an instance', () => {
  test('carries the name of the user, if known', async () => {
    const operators = operatorsThat();
    const { socket } = await runControl({ operators });
    const client = new ControlClient({ socket });
    await client.operate('web', 'priority', { priority: 7, requested_by: 'alice' });
    await client.operate('web', 'priority', { priority: null });
    expect(operators.calls).toEqual([
      ['web', 7, 'alice'],
      ['web', null, 'root'],
    ]);
  });

  test.each([
    ['web', { priority: 300 }, 400, 'bad-request'],
    ['web', { priority: 7, more: 1 }, 400, 'bad-request'],
    ['web', { priority: 7, requested_by: 7 }, 400, 'bad-request'],
    ['a/b', { priority: 7 }, 200, undefined],
  ])('for %s with %j', async (instance, body, status, code) => {
    const operators = operatorsThat();
    const { socket } = await runControl({ operators });
    // The client's types forbid some of these; other programs may send them.
    const answer = new ControlClient({ socket }).operate(
      instance,
      'priority',
      body as { readonly priority: number },
    );
    if (code === undefined) {
      await answer;
      expect(operators.calls).toHaveLength(1);
    } else {
      await expect(answer).rejects.toMatchObject({ status, code });
      expect(operators.calls).toEqual([]);
    }
  });

  test('that is refused returns the code and the reason', async () => {
    const message = 'nobody took over';
    const refusal = new CommandRefusal({ status: 409, code: 'no-successor', message });
    const operators = operatorsThat({ failover: () => Promise.reject(refusal) });
    const { socket } = await runControl({ operators });
    const answer = new ControlClient({ socket }).operate('web', 'failover', {});
    await expect(answer).rejects.toMatchObject({ status: 409, code: 'no-successor', message });
  });

  test('is not found if the server has no operators', async () => {
    const { socket } = await runControl({ model: modelOf('web') });
    const answer = new ControlClient({ socket }).operate('web', 'failover', {});
    await expect(answer).rejects.toMatchObject({ status: 400 });
  });
});
