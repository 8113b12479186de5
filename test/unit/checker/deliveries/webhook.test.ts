import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { postJson, signatureOf } from '../../../../src/checker/deliveries/http-post.ts';
import { Webhook } from '../../../../src/checker/deliveries/webhook.ts';
import { milliseconds } from '../../../../src/net/time.ts';
import { Clockwork, Ledger } from './clockwork.ts';

function receiver(answers: (number | Error)[], limit = 3) {
  const clockwork = new Clockwork();
  const ledger = new Ledger();
  const bodies: { sequence: number; state: string }[] = [];
  const webhook = new Webhook({
    target: 'http://192.0.2.9',
    outcomes: ledger.outcomes,
    schedule: clockwork.schedule,
    limit,
    post: async (body) => {
      bodies.push(JSON.parse(body));
      const answer = answers.shift() ?? 200;
      if (typeof answer !== 'number') throw answer;
      return answer;
    },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const elapse = async (milliseconds: number) => {
    clockwork.elapse(milliseconds);
    await settle();
  };
  return { webhook, bodies, ledger, settle, elapse };
}

describe('a receiver of webhooks', () => {
  test('gets every change in order, with numbers without gaps', async () => {
    const { webhook, bodies, settle } = receiver([]);
    webhook.send({ state: 'BACKUP' });
    webhook.send({ state: 'MASTER' });
    await settle();
    expect(bodies).toEqual([
      { sequence: 1, state: 'BACKUP' },
      { sequence: 2, state: 'MASTER' },
    ]);
  });

  test('is retried after 1 s, 2 s, 4 s, in order', async () => {
    const { webhook, bodies, ledger, settle, elapse } = receiver([500, new Error('refused'), 503]);
    webhook.send({ state: 'MASTER' });
    webhook.send({ state: 'BACKUP' });
    await settle();
    await elapse(999);
    expect(bodies).toHaveLength(1);
    await elapse(1);
    await elapse(2_000);
    await elapse(4_000);
    await settle();
    expect(bodies.map(({ sequence }) => sequence)).toEqual([1, 1, 1, 1, 2]);
    expect(ledger.counts.webhook).toEqual({ done: 2, failed: 3, skipped: 0, lost: 0 });
    expect(ledger.lines.at(-1)).toBe('http://192.0.2.9 recovered: delivered after 3 failures');
  });

  test('that refuses one permanently gets the next one', async () => {
    const { webhook, bodies, ledger, settle } = receiver([400]);
    webhook.send({ state: 'MASTER' });
    webhook.send({ state: 'BACKUP' });
    await settle();
    expect(bodies).toHaveLength(2);
    expect(ledger.lines).toEqual(['http://192.0.2.9 lost: HTTP status 400 (1 lost so far)']);
  });

  test('that never answers costs bounded memory: the oldest are dropped', async () => {
    const { webhook, bodies, ledger, settle, elapse } = receiver([500], 2);
    webhook.send({ state: 'MASTER' });
    await settle();
    for (let i = 0; i < 4; i++) webhook.send({ state: 'BACKUP' });
    expect(ledger.counts.webhook.lost).toBe(3);
    await elapse(1_000);
    await settle();
    expect(bodies.map(({ sequence }) => sequence)).toEqual([1, 1, 5]);
  });

  test('loses what waits when the agent stops, which is reported', async () => {
    const { webhook, ledger, settle } = receiver([500]);
    webhook.send({ state: 'MASTER' });
    await settle();
    webhook.close();
    expect(ledger.counts.webhook.lost).toBe(1);
  });
});

test('the signature of a body is the HMAC-SHA256 of RFC 4231, test case 2', () => {
  expect(signatureOf('Jefe', Buffer.from('what do ya want for nothing?'))).toBe(
    'sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

/** What becomes of a POST to a receiver that answers with these bytes, or as it likes. */
async function posted(answer: (socket: Socket) => void): Promise<number | string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const settings = { secret: undefined, token: undefined, timeout: milliseconds(500) };
  return postJson({ url: `http://127.0.0.1:${port}/`, ...settings }, '{}').catch(
    (error: Error) => error.message,
  );
}

describe('FR-O5 a delivery ends, whatever the receiver does', () => {
  test('101 and another protocol', async () => {
    const upgrade =
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect(await posted((socket) => socket.write(upgrade))).toBe(101);
  });

  test.each([
    ['nothing', () => {}, 'no answer within 500 ms'],
    ['the end', (socket: Socket) => socket.destroy(), 'socket hang up'],
    [
      '100 for ever',
      (socket: Socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'),
      'no answer within 500 ms',
    ],
    [
      '100 again and again',
      (socket: Socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(9)),
      'more than 8 interim responses',
    ],
    [
      'another language',
      (socket: Socket) => socket.write('* OK ready\r\n'),
      'Parse Error: Expected HTTP/',
    ],
    ['half a status', (socket: Socket) => socket.write('HTTP/1.1 2'), 'no answer within 500 ms'],
  ])('%s', async (_, answer, expected) => {
    expect(await posted(answer)).toContain(expected);
  });

  test('101 is a refusal, so that the next one gets its turn', async () => {
    const { webhook, bodies, ledger, settle } = receiver([101]);
    webhook.send({ state: 'MASTER' });
    webhook.send({ state: 'BACKUP' });
    await settle();
    expect(bodies).toHaveLength(2);
    expect(ledger.counts.webhook).toMatchObject({ done: 1, lost: 1 });
  });
});
