/**
 * One HTTP receiver: a POST for each change, in order, one at a time, until it is accepted. Failed
 * deliveries are retried with exponential backoff; when the queue is full, the oldest is dropped.
 * Consecutive sequence numbers let the receiver see what it has missed.
 */
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import type { Outcomes } from './outcomes.ts';

interface WebhookOptions {
  /** Scheme and host of the receiver, for reports. */
  readonly target: string;
  readonly outcomes: Outcomes;
  /** Resolves to the HTTP status; rejects without an answer in time. */
  readonly post: (body: string) => Promise<number>;
  readonly schedule: (callback: () => void, milliseconds: number) => () => void;
  /** Length of the queue; default 1,000. */
  readonly limit?: number;
}

const LIMIT = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** Refusals worth a retry: request timeout, too early, too many requests (RFC 9110, 8470, 6585). */
const RETRYABLE = new Set([408, 425, 429]);

export class Webhook {
  readonly #options: WebhookOptions;
  readonly #limit: number;
  #waiting: string[] = [];
  #sequence = 0;
  #lost = 0;
  #failures = 0;
  #busy = false;
  #closed = false;
  #cancelRetry: (() => void) | undefined;
  #idle: (() => void)[] = [];

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#limit = options.limit ?? LIMIT;
  }

  /** Adds a sequence number, from 1. */
  send(document: object): void {
    this.#sequence += 1;
    this.#waiting.push(JSON.stringify({ sequence: this.#sequence, ...document }));
    if (this.#waiting.length > this.#limit) {
      // The first one may be in flight.
      this.#waiting.splice(this.#busy ? 1 : 0, 1);
      this.#lose('too many are waiting: the receiver accepts none');
    }
    if (!this.#busy) void this.#deliver();
  }

  /** Resolves when the queue is empty. */
  drained(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Drops the queue. */
  close(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    for (const _ of this.#waiting) this.#lose('the agent stopped before it was delivered');
    this.#waiting = [];
  }

  async #deliver(): Promise<void> {
    const [body] = this.#waiting;
    if (body === undefined || this.#closed) {
      this.#busy = false;
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#busy = true;
    const answer = await this.#options.post(body).then(
      (status) => ({ status, why: `HTTP status ${status}` }),
      (error: unknown) => ({
        status: 0,
        why: error instanceof Error ? error.message : 'no answer',
      }),
    );
    if (this.#closed) return;
    const { status, why } = answer;
    if (status >= 200 && status < 300) this.#delivered();
    else if (status > 0 && status < 500 && !RETRYABLE.has(status)) this.#refused(why);
    else {
      this.#retryLater(why);
      return;
    }
    await this.#deliver();
  }

  #delivered(): void {
    this.#waiting.shift();
    this.#options.outcomes.count('webhook', 'done');
    if (this.#failures > 0) this.#report('recovered', `delivered after ${this.#failures} failures`);
    this.#failures = 0;
  }

  /** A permanent refusal: a retry would not help. */
  #refused(why: string): void {
    this.#waiting.shift();
    this.#lose(why);
    this.#failures = 0;
  }

  #retryLater(why: string): void {
    this.#failures += 1;
    this.#options.outcomes.count('webhook', 'failed');
    const wait = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS);
    if (isPowerOfTwo(this.#failures)) {
      this.#report('failed', `${why}; attempt ${this.#failures}, retrying in ${wait / 1_000} s`);
    }
    this.#cancelRetry = this.#options.schedule(() => void this.#deliver(), wait);
  }

  #lose(why: string): void {
    this.#lost += 1;
    this.#options.outcomes.count('webhook', 'lost');
    if (isPowerOfTwo(this.#lost)) this.#report('lost', `${why} (${this.#lost} lost so far)`);
  }

  #report(outcome: 'failed' | 'lost' | 'recovered', detail: string): void {
    const { target, outcomes } = this.#options;
    outcomes.report({ channel: 'webhook', subject: undefined, target, outcome, detail });
  }
}
