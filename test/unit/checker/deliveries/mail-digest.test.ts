import { describe, expect, test } from 'vitest';
import {
  MailDigest,
  NOTICES_MOST,
  type Notice,
} from '../../../../src/checker/deliveries/mail-digest.ts';
import { Clockwork, Ledger } from './clockwork.ts';

const DIGEST_MS = 60_000;

interface Sent {
  readonly at: number;
  readonly number: number;
  readonly lines: readonly string[];
  readonly left: number;
}

/** A server with one answer after another; the last one remains. */
class Post {
  readonly clockwork = new Clockwork();
  readonly ledger = new Ledger();
  readonly sent: Sent[] = [];
  readonly digest: MailDigest;
  #now = 0;
  #answers: (number | Error)[];

  constructor(...answers: (number | Error)[]) {
    this.#answers = answers;
    this.digest = new MailDigest({
      target: 'mail.example.net:25',
      digestMs: DIGEST_MS,
      outcomes: this.ledger.outcomes,
      schedule: this.clockwork.schedule,
      now: () => this.#now,
      send: (number, notices, left) => {
        this.sent.push({ at: this.#now, number, lines: notices.map(({ line }) => line), left });
        const [answer = 250, ...rest] = this.#answers;
        if (rest.length > 0) this.#answers = rest;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    });
  }

  add(...lines: string[]): void {
    for (const line of lines) this.digest.add(notice(line));
  }

  /** In steps of a second, with what has been promised in between. */
  async elapse(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.#now += 1_000;
      this.clockwork.elapse(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function notice(line: string): Notice {
  return { title: line, line };
}

describe('a digest', () => {
  test('has in one mail what happens together', async () => {
    const post = new Post(250);
    post.add('a');
    await post.elapse(1);
    post.add('b');
    await post.elapse(1);
    expect(post.sent).toEqual([{ at: 2_000, number: 1, lines: ['a', 'b'], left: 0 }]);
    expect(post.ledger.counts.mail).toEqual({ done: 1, failed: 0, skipped: 0, lost: 0 });
  });

  test('limits the mails of a storm, and counts what does not fit', async () => {
    const post = new Post(250);
    for (let second = 0; second < 300; second++) {
      post.add(...Array.from({ length: 10 }, (_, at) => `${second}.${at}`));
      await post.elapse(1);
    }
    expect(post.sent.map(({ at }) => at)).toEqual([2_000, 62_000, 122_000, 182_000, 242_000]);
    expect(post.sent[1]?.lines).toHaveLength(NOTICES_MOST);
    expect(post.sent[1]?.lines[0]).toBe('2.0');
    expect(post.sent[1]?.left).toBe(600 - NOTICES_MOST);
  });

  test('is sent soon again after a pause', async () => {
    const post = new Post(250);
    post.add('a');
    await post.elapse(100);
    post.add('b');
    await post.elapse(2);
    expect(post.sent.map(({ at }) => at)).toEqual([2_000, 102_000]);
  });

  test('is sent again, the same one, until the server takes it', async () => {
    const post = new Post(new Error('ECONNREFUSED'), 451, 250);
    post.add('a');
    await post.elapse(2);
    post.add('b');
    await post.elapse(100);
    expect(post.sent).toEqual([
      { at: 2_000, number: 1, lines: ['a'], left: 0 },
      { at: 12_000, number: 1, lines: ['a'], left: 0 },
      { at: 32_000, number: 1, lines: ['a'], left: 0 },
      { at: 92_000, number: 2, lines: ['b'], left: 0 },
    ]);
    expect(post.ledger.lines).toEqual([
      'mail.example.net:25 failed: ECONNREFUSED; attempt 1, retrying in 10 s',
      'mail.example.net:25 failed: the server answers 451; attempt 2, retrying in 20 s',
      'mail.example.net:25 recovered: sent after 2 failures',
    ]);
  });

  test('is dropped when the server refuses it for good', async () => {
    const post = new Post(550, 250);
    post.add('a');
    await post.elapse(2);
    post.add('b');
    await post.elapse(60);
    expect(post.sent.map(({ lines }) => lines)).toEqual([['a'], ['b']]);
    expect(post.ledger.lines).toEqual([
      'mail.example.net:25 lost: the server answers 550 (1 lost so far)',
    ]);
  });

  test('is sent at once, and only once, when the agent stops', async () => {
    const post = new Post(250, 451);
    post.add('a');
    await post.elapse(2);
    post.add('b');
    await post.digest.drained();
    expect(post.sent.map(({ lines }) => lines)).toEqual([['a'], ['b']]);
    expect(post.ledger.counts.mail).toEqual({ done: 1, failed: 0, skipped: 0, lost: 1 });
    await post.digest.drained();
    post.digest.close();
    expect(post.ledger.counts.mail.lost).toBe(1);
  });

  test('that is being sent when the agent stops is lost with what follows it', async () => {
    const never = new Promise<number>(() => {});
    const clockwork = new Clockwork();
    const ledger = new Ledger();
    const digest = new MailDigest({
      ...{ target: 'mail.example.net:25', digestMs: DIGEST_MS, outcomes: ledger.outcomes },
      ...{ schedule: clockwork.schedule, now: () => 0, send: () => never },
    });
    digest.add(notice('a'));
    void digest.drained();
    digest.close();
    expect(ledger.lines).toEqual([
      'mail.example.net:25 lost: the agent stopped before it was delivered (1 lost so far)',
    ]);
  });
});
