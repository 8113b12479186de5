import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ControlClient } from '../../../src/control/client.ts';
import { ControlError, RefusedRequest } from '../../../src/control/control-error.ts';
import type { EventDocument } from '../../../src/control/protocol.ts';
import { AT, transition } from '../observe/samples.ts';
import { runControl, socketPath } from './samples.ts';

/** Writes raw bytes and returns the whole response. */
function exchange(socket: string, bytes: string): Promise<string> {
  const connection = createConnection(socket);
  let text = '';
  connection.on('data', (chunk) => {
    text += chunk;
  });
  connection.on('error', () => {});
  connection.write(bytes);
  return new Promise((resolve) => {
    connection.on('close', () => resolve(text));
  });
}

function get(socket: string, target: string, more = ''): Promise<string> {
  const head = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${more}\r\n`;
  return exchange(socket, head);
}

function bodyOf(answer: string): unknown {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
}

describe('the control server', () => {
  test('answers its client', async () => {
    const { socket, model } = await runControl();
    model.apply(transition('web'), AT);
    const client = new ControlClient({ socket });
    expect(await client.status()).toEqual(model.status());
    expect(await client.events()).toEqual({ events: model.eventsAfter(0) });
    expect(await client.events(1)).toEqual({ events: [] });
    expect(await client.config()).toEqual({ router: 'lb1' });
  });

  test('answers a plain HTTP client', async () => {
    const { socket } = await runControl();
    const answer = await get(socket, '/v1/status');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/content-type: application\/json\r\n/i);
    expect(bodyOf(answer)).toMatchObject({ router: 'lb1' });
  });

  test.each([
    ['/v1/nothing', 404, 'not-found'],
    ['/v1/events?after=x', 400, 'bad-request'],
  ])('refuses %s with a document that gives the reason', async (target, status, code) => {
    const { socket } = await runControl();
    const answer = await get(socket, target);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(bodyOf(answer)).toEqual({ error: { code, message: expect.any(String) } });
  });

  test('refuses a method and lists the allowed ones', async () => {
    const { socket } = await runControl();
    const answer = await exchange(socket, 'POST /v1/status HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).toMatch(/allow: GET\r\n/i);
  });

  test('refuses an unexpected body without waiting for it', async () => {
    const { socket } = await runControl();
    const answer = await get(socket, '/v1/status', 'Content-Length: 1000000\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(bodyOf(answer)).toMatchObject({ error: { code: 'unexpected-body' } });
  });

  test.each([
    ['bytes that are no HTTP', 'EHLO example.org\r\n\r\n'],
    ['a header that is too large', `GET /v1/status HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ])('refuses %s', async (_what, bytes) => {
    const { socket } = await runControl();
    const answer = await exchange(socket, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(bodyOf(answer)).toMatchObject({ error: { code: 'unreadable-request' } });
  });

  test('does not wait forever for a request', async () => {
    const { socket } = await runControl({ limits: { timeoutMs: 50 } });
    const answer = await exchange(socket, 'GET /v1/sta');
    expect(answer).not.toMatch(/ 200 /);
  });

  test('FR-O13 answers although idle connections have used up its limit', async () => {
    const { socket } = await runControl({ limits: { connections: 8 } });
    const oldest = createConnection(socket);
    await once(oldest, 'connect');
    const idle = [oldest, ...Array.from({ length: 7 }, () => createConnection(socket))];
    for (const one of idle) one.on('error', () => {});
    await Promise.all(idle.slice(1).map((one) => once(one, 'connect')));
    const ended = once(oldest, 'close');
    expect(await get(socket, '/v1/status')).toMatch(/^HTTP\/1\.1 200 /);
    await ended;
    expect(idle.filter(({ destroyed }) => destroyed)).toHaveLength(1);
    for (const one of idle) one.destroy();
  });

  test('refuses connections beyond its limit while all others have a request', async () => {
    const { socket } = await runControl({ limits: { connections: 1 } });
    const first = createConnection(socket);
    first.write('GET /v1/events?follow=1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(first, 'data');
    expect(await exchange(socket, 'GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('');
    first.destroy();
  });

  test('answers 500 and reports an internal error', async () => {
    const errors: unknown[] = [];
    const broken = new Error('broken');
    const { socket } = await runControl({
      config: () => {
        throw broken;
      },
      onError: (error) => errors.push(error),
    });
    await expect(new ControlClient({ socket }).config()).rejects.toMatchObject({
      name: 'RefusedRequest',
      status: 500,
      code: 'internal-error',
      message: expect.not.stringContaining('broken'),
    });
    expect(errors).toEqual([broken]);
  });
});

describe('following the events', () => {
  test('sends the requested history and then new events', async () => {
    const { socket, model, server } = await runControl();
    model.apply(transition('web'), AT);
    model.apply(transition('web', 'FAULT'), AT);
    const heard: EventDocument[] = [];
    for await (const event of new ControlClient({ socket }).follow(1)) {
      heard.push(event);
      if (heard.length === 1) model.apply(transition('web'), AT);
      if (heard.length === 2) await server.close();
    }
    expect(heard).toEqual(model.eventsAfter(1));
  });

  test('without a number sends only new events', async () => {
    const { socket, model, server } = await runControl();
    model.apply(transition('web'), AT);
    const stream = createConnection(socket);
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
    });
    stream.write('GET /v1/events?follow=1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => text).toContain('application/x-ndjson');
    model.apply(transition('web', 'FAULT'), AT);
    await Promise.all([once(stream, 'close'), server.close()]);
    expect(text).toContain('"seq":2');
    expect(text).not.toContain('"seq":1,');
  });

  test('cuts off a client that does not read, and keeps serving the others', async () => {
    const { socket, model } = await runControl({ limits: { backlogBytes: 64 * 1024 } });
    const slow = createConnection(socket);
    slow.pause();
    slow.write('GET /v1/events?follow=1 HTTP/1.1\r\nHost: a\r\n\r\n');
    const quick = new ControlClient({ socket }).follow(0);
    model.apply(transition('web'), AT);
    expect((await quick.next()).value).toMatchObject({ seq: 1 });
    for (let i = 0; i < 4_000; i++) {
      model.apply(transition('web'), AT);
      if (i % 100 === 0) await quick.next();
    }
    let text = '';
    slow.on('data', (chunk) => {
      text += chunk;
    });
    slow.resume();
    await once(slow, 'close');
    expect(text).toContain('"code":"too-slow"');
    expect(text).not.toContain('"seq":4000');
    await quick.return();
  });

  test('limits event streams, which leaves room for other requests', async () => {
    const { socket, model } = await runControl({ limits: { followers: 1 } });
    model.apply(transition('web'), AT);
    const client = new ControlClient({ socket });
    const first = client.follow();
    await first.next();
    await expect(client.follow().next()).rejects.toMatchObject({
      status: 409,
      code: 'too-many-followers',
    });
    expect(await client.status()).toMatchObject({ router: 'lb1' });
    await first.return();
    await expect.poll(async () => (await client.follow().next()).value).toMatchObject({ seq: 1 });
  });
});

describe('the client', () => {
  test('reports that no agent answers if the socket is missing', async () => {
    const socket = socketPath();
    await expect(new ControlClient({ socket }).status()).rejects.toMatchObject({
      name: 'ControlError',
      code: 'no-agent',
      message: expect.stringContaining(`no agent answers on ${socket}`),
    });
  });

  test('distinguishes a refusal from a failure', async () => {
    const { socket } = await runControl({
      config: () => {
        throw new Error('broken');
      },
    });
    await expect(new ControlClient({ socket }).config()).rejects.toBeInstanceOf(RefusedRequest);
    const missing = new ControlClient({ socket: `${socket}.other` });
    await expect(missing.config()).rejects.toBeInstanceOf(ControlError);
  });
});
