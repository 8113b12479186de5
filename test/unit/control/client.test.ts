import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ControlClient } from '../../../src/control/client.ts';
import { socketPath } from './samples.ts';

/** A client of a server that is not an agent. */
async function clientOf(server: Server, timeoutMs = 1_000): Promise<ControlClient> {
  const socket = socketPath();
  mkdirSync(dirname(socket));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => {
    server.close();
  });
  return new ControlClient({ socket, timeoutMs });
}

function answering(status: number, body: string): Server {
  return createServer((_request, response) => response.writeHead(status).end(body));
}

function raw(answer: (connection: Socket) => void): Server {
  return createSocketServer((connection) => {
    connection.on('error', () => {});
    connection.once('data', () => answer(connection));
  });
}

const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"events":[';
const HALF_STREAM = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{"seq":1}\r\n\r\n';

describe('the client', () => {
  test.each([
    ['text that is no JSON', 'hello'],
    ['JSON that is no document', '7'],
    ['a document of another shape', '{"instances":7}'],
  ])('does not accept %s as a response', async (_what, body) => {
    const client = await clientOf(answering(200, body));
    await expect(client.status()).rejects.toMatchObject({ code: 'bad-answer' });
  });

  test('passes on the refusal of the agent', async () => {
    const body = '{"error":{"code":"not-found","message":"no such path"}}';
    const client = await clientOf(answering(404, body));
    await expect(client.status()).rejects.toMatchObject({
      name: 'RefusedRequest',
      status: 404,
      code: 'not-found',
      message: 'no such path',
    });
  });

  test('reports the status of a refusal without a document', async () => {
    const client = await clientOf(answering(503, '{}'));
    await expect(client.status()).rejects.toMatchObject({
      code: 'bad-answer',
      message: expect.stringContaining('503'),
    });
  });

  test('times out if the agent does not respond', async () => {
    const client = await clientOf(
      raw(() => {}),
      50,
    );
    await expect(client.status()).rejects.toMatchObject({ code: 'no-agent' });
  });

  test('times out if a response stops halfway', async () => {
    const client = await clientOf(
      raw((connection) => connection.write(HALF)),
      50,
    );
    await expect(client.events()).rejects.toMatchObject({ code: 'connection-lost' });
  });

  test('reports a response that was cut off', async () => {
    const client = await clientOf(raw((connection) => connection.end(HALF)));
    await expect(client.events()).rejects.toMatchObject({ code: 'connection-lost' });
  });

  test('delivers the events of a stream before reporting that it was cut off', async () => {
    const client = await clientOf(raw((connection) => connection.end(HALF_STREAM)));
    const stream = client.follow();
    expect((await stream.next()).value).toEqual({ seq: 1 });
    await expect(stream.next()).rejects.toMatchObject({ code: 'connection-lost' });
  });

  test('reports why a stream was cut off', async () => {
    const client = await clientOf(
      answering(200, '{"seq":1}\n{"error":{"code":"too-slow","message":"read faster"}}\n'),
    );
    const stream = client.follow();
    expect((await stream.next()).value).toEqual({ seq: 1 });
    await expect(stream.next()).rejects.toMatchObject({ code: 'too-slow' });
  });
});
