/**
 * Collects lines, and sends them as mails: the first soon, so that what happens together is in one mail, and
 * each later one not before the time of a digest has passed. A mail that the server does not take now is sent
 * again, with the same identifier; what happens meanwhile waits for the next one.
 */
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import type { Outcomes } from './outcomes.ts';

export interface Notice {
  /** For the subject, if it is the only one. */
  readonly title: string;
  /** For the text. */
  readonly line: string;
}

interface MailDigestOptions {
  /** The server, for reports. */
  readonly target: string;
  readonly digestMs: number;
  readonly outcomes: Outcomes;
  /** Resolves to the code of the answer; rejects without one in time. `number`: of the mail, from 1. */
  readonly send: (number: number, notices: readonly Notice[], left: number) => Promise<number>;
  readonly schedule: (callback: () => void, milliseconds: number) => () => void;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
}

const GATHER_MS = 2_000;
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 300_000;

/** Of one mail; the rest is counted. */
export const NOTICES_MOST = 500;

interface Gathered {
  readonly notices: Notice[];
  left: number;
}

export class MailDigest {
  readonly #options: MailDigestOptions;
  #gathered: Gathered = { notices: [], left: 0 };
  /** Being sent, until it is accepted or refused. */
  #mail: Gathered | undefined;
  #number = 0;
  #sentAt: number | undefined;
  #failures = 0;
  #lost = 0;
  #busy = false;
  #closed = false;
  #stopping = false;
  #cancel: (() => void) | undefined;
  #idle: (() => void)[] = [];

  constructor(options: MailDigestOptions) {
    this.#options = options;
  }

  add(notice: Notice): void {
    const { notices } = this.#gathered;
    if (notices.length < NOTICES_MOST) notices.push(notice);
    else this.#gathered.left += 1;
    this.#wake();
  }

  /** Sends what has been gathered at once, each mail once; resolves when nothing is left. */
  drained(): Promise<void> {
    this.#stopping = true;
    if (this.#isEmpty && !this.#busy) return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#busy) void this.#deliver();
    return done;
  }

  /** Drops what is left. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    if (!this.#isEmpty) this.#lose('the agent stopped before it was delivered');
    this.#gathered = { notices: [], left: 0 };
    this.#mail = undefined;
  }

  get #isEmpty(): boolean {
    return this.#mail === undefined && this.#gathered.notices.length === 0;
  }

  #wake(): void {
    if (this.#busy || this.#cancel !== undefined || this.#closed) return;
    const { now, digestMs } = this.#options;
    const free = this.#sentAt === undefined ? 0 : this.#sentAt + digestMs - now();
    this.#later(this.#stopping ? 0 : Math.max(GATHER_MS, free));
  }

  #later(milliseconds: number): void {
    this.#cancel = this.#options.schedule(() => {
      this.#cancel = undefined;
      void this.#deliver();
    }, milliseconds);
  }

  async #deliver(): Promise<void> {
    if (this.#mail === undefined && this.#gathered.notices.length > 0) {
      this.#mail = this.#gathered;
      this.#gathered = { notices: [], left: 0 };
      this.#number += 1;
    }
    const mail = this.#mail;
    if (mail === undefined) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#busy = true;
    const answer = await this.#options.send(this.#number, mail.notices, mail.left).then(
      (code) => ({ code, why: `the server answers ${code}` }),
      (error: unknown) => ({ code: 0, why: error instanceof Error ? error.message : 'no answer' }),
    );
    this.#busy = false;
    if (this.#closed) return;
    this.#settle(answer);
    if (this.#stopping) void this.#deliver();
    else if (this.#mail === undefined && this.#gathered.notices.length > 0) this.#wake();
  }

  #settle({ code, why }: { readonly code: number; readonly why: string }): void {
    const isAccepted = code >= 200 && code < 300;
    // RFC 5321 section 4.2.1: 5yz is permanent.
    if (!isAccepted && code < 500 && !this.#stopping) {
      this.#retryLater(why);
      return;
    }
    this.#mail = undefined;
    this.#sentAt = this.#options.now();
    if (isAccepted) {
      this.#options.outcomes.count('mail', 'done');
      if (this.#failures > 0) this.#report('recovered', `sent after ${this.#failures} failures`);
      this.#failures = 0;
    } else this.#lose(why);
  }

  #retryLater(why: string): void {
    this.#failures += 1;
    this.#options.outcomes.count('mail', 'failed');
    const wait = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS);
    if (isPowerOfTwo(this.#failures)) {
      this.#report('failed', `${why}; attempt ${this.#failures}, retrying in ${wait / 1_000} s`);
    }
    this.#later(wait);
  }

  #lose(why: string): void {
    this.#lost += 1;
    this.#options.outcomes.count('mail', 'lost');
    if (isPowerOfTwo(this.#lost)) this.#report('lost', `${why} (${this.#lost} lost so far)`);
  }

  #report(outcome: 'failed' | 'lost' | 'recovered', detail: string): void {
    const { target, outcomes } = this.#options;
    outcomes.report({ channel: 'mail', subject: undefined, target, outcome, detail });
  }
}
