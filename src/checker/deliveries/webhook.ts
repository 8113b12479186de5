/**
 * One HTTP receiver: a POST for each change, in order, one at a time, until it is taken. A receiver
 * that does not answer is tried again with growing distance; of what waits, the oldest is given up
 * when there is too much. Numbers without gaps let the receiver see what it has missed.
 */
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import type { Outcomes } from './outcomes.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly outcomes: Outcomes;
  /** HTTP status of the answer; rejected when there was none in time. */
  readonly post: (body: string) => Promise<number>;
  readonly schedule: (callback: () => void, milliseconds: number) => () => void;
  /** Kept beyond the one under way; default 1,000. */
  readonly limit?: number;
}

const LIMIT = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** Refusals that may pass: request timeout, too early, too many requests (RFC 9110, 8470, 6585). */
const PASSING = new Set([408, 425, 429]);

export class Webhook {
  readonly #options: WebhookOptions;
  readonly #limit: number;
  #waiting: string[] = [];
  #sequence = 0;
  #lost = 0;
  #failures = 0;
  #busy = false;
  #closed = false;
  #callOff: (() => void) | undefined;
  #idle: (() => void)[] = [];

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#limit = options.limit ?? LIMIT;
  }

  /** Numbered from 1 in the order of the calls. */
  send(document: object): void {
    this.#sequence += 1;
    this.#waiting.push(JSON.stringify({ sequence: this.#sequence, ...document }));
    if (this.#waiting.length > this.#limit) {
      // The first one may be under way.
      this.#waiting.splice(this.#busy ? 1 : 0, 1);
      this.#lose('too many wait for a receiver that does not take them');
    }
    if (!this.#busy) void this.#deliver();
  }

  /** Fulfilled once nothing waits. */
  drained(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Gives up what waits. */
  close(): void {
    this.#closed = true;
    this.#callOff?.();
    for (const _ of this.#waiting) this.#lose('the agent stopped before it was taken');
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
    if (status >= 200 && status < 300) this.#taken();
    else if (status >= 300 && status < 500 && !PASSING.has(status)) this.#refused(why);
    else {
      this.#tryLater(why);
      return;
    }
    await this.#deliver();
  }

  #taken(): void {
    this.#waiting.shift();
    this.#options.outcomes.count('webhook', 'done');
    if (this.#failures > 0) this.#tell('recovered', `taken after ${this.#failures} failures`);
    this.#failures = 0;
  }

  /** It will not take this one, however often it is asked. */
  #refused(why: string): void {
    this.#waiting.shift();
    this.#lose(why);
    this.#failures = 0;
  }

  #tryLater(why: string): void {
    this.#failures += 1;
    this.#options.outcomes.count('webhook', 'failed');
    const wait = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS);
    if (isPowerOfTwo(this.#failures)) {
      this.#tell('failed', `${why}; attempt ${this.#failures}, again in ${wait / 1_000} s`);
    }
    this.#callOff = this.#options.schedule(() => void this.#deliver(), wait);
  }

  #lose(why: string): void {
    this.#lost += 1;
    this.#options.outcomes.count('webhook', 'lost');
    if (isPowerOfTwo(this.#lost)) this.#tell('lost', `${why} (${this.#lost} lost so far)`);
  }

  #tell(outcome: 'failed' | 'lost' | 'recovered', detail: string): void {
    const { url, outcomes } = this.#options;
    outcomes.tell({ channel: 'webhook', subject: undefined, target: url, outcome, detail });
  }
}
