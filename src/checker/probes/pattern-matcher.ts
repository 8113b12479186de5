/**
 * Matches answers with regular expressions in a thread of its own, with a deadline: `.*ready` takes
 * seconds for 64 KiB that a server has chosen to be slow. V8 ends such a match when its thread is
 * terminated. Expressions that were slow the last time use another thread than the others, so that
 * they delay only each other.
 */
import { Worker } from 'node:worker_threads';

/** `late`: not decided by the deadline. */
export type Match = 'yes' | 'no' | 'late';

interface Request {
  readonly pattern: string;
  readonly answer: string;
  readonly deadline: number;
  /** The longest time for this match alone. */
  readonly limitMs: number;
  readonly resolve: (match: Match) => void;
  readonly reject: (error: Error) => void;
}

/** An ordinary match of 64 KiB takes less than a millisecond; a busy host may make it some tens. */
const QUICK_MS = 100;

/** The start of the thread is not part of the match. */
const START_MS = 400;

/** The thread of an expression that nobody has used for this time ends. */
const IDLE_MS = 10_000;

const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 };

/** In place of a file, so that the thread starts from wherever the program is installed or bundled. */
const BODY = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ pattern, answer }) => {
  parentPort.postMessage(new RegExp(pattern, 'u').test(answer));
});
`;

/** One thread, and the matches that wait for it. */
class Lane {
  readonly #waiting: Request[] = [];
  #worker: Worker | undefined;
  #active: Request | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Rejects if the thread fails. */
  match(request: Omit<Request, 'resolve' | 'reject'>): Promise<Match> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...request, resolve, reject });
      if (this.#active === undefined) this.#next();
    });
  }

  close(): void {
    this.#end();
    for (const { resolve } of this.#waiting.splice(0)) resolve('late');
  }

  #next(): void {
    clearTimeout(this.#timer);
    const request = this.#waiting.shift();
    this.#active = request;
    if (request === undefined) {
      this.#timer = setTimeout(() => this.#end(), IDLE_MS).unref();
      return;
    }
    const { pattern, answer, deadline, limitMs } = request;
    const start = this.#worker === undefined ? START_MS : 0;
    const left = Math.min(limitMs + start, deadline - performance.now());
    if (left <= 0) {
      this.#settle(request, 'late');
      return;
    }
    try {
      this.#worker ??= this.#start();
      this.#worker.postMessage({ pattern, answer });
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#timer = setTimeout(() => {
      this.#end();
      this.#settle(request, 'late');
    }, left);
  }

  #start(): Worker {
    const worker = new Worker(BODY, { eval: true, resourceLimits: LIMITS });
    worker.unref();
    const isCurrent = () => this.#worker === worker;
    worker.on('message', (matches: boolean) => {
      if (isCurrent() && this.#active !== undefined) {
        this.#settle(this.#active, matches ? 'yes' : 'no');
      }
    });
    worker.on('error', (error) => {
      if (isCurrent()) this.#fail(error);
    });
    return worker;
  }

  #settle({ resolve }: Request, match: Match): void {
    resolve(match);
    this.#next();
  }

  #fail(error: Error): void {
    this.#end();
    this.#active?.reject(error);
    this.#next();
  }

  #end(): void {
    clearTimeout(this.#timer);
    void this.#worker?.terminate();
    this.#worker = undefined;
  }
}

export class PatternMatcher {
  readonly #quick = new Lane();
  readonly #slow = new Lane();

  /** The matcher of one check. Throws for an invalid pattern. */
  matcher(pattern: string): (answer: string, deadline: number) => Promise<Match> {
    new RegExp(pattern, 'u');
    let isSlow = false;
    return async (answer, deadline) => {
      if (!isSlow) {
        const limited = { pattern, answer, deadline, limitMs: QUICK_MS };
        const match = await this.#quick.match(limited);
        if (match !== 'late') return match;
        isSlow = true;
      }
      const began = performance.now();
      const request = { pattern, answer, deadline, limitMs: Number.POSITIVE_INFINITY };
      const match = await this.#slow.match(request);
      isSlow = match === 'late' || performance.now() - began >= QUICK_MS;
      return match;
    };
  }

  close(): void {
    this.#quick.close();
    this.#slow.close();
  }
}
