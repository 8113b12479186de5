/**
 * Writes lines to a named pipe. The kernel buffers 64 KiB for a reader that is slow or restarts; beyond
 * that a bounded number of lines waits here, and then the oldest are dropped, counted and reported. A
 * pipe without a reader is reported too.
 */
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import type { Outcomes } from './outcomes.ts';

export interface FifoPort {
  /** False: the pipe is full. */
  write(line: string): boolean;
  /** Bytes. */
  unread(): number;
  close(): void;
}

interface FifoWriterOptions {
  readonly path: string;
  readonly outcomes: Outcomes;
  /** Throws if the pipe cannot be created or opened. */
  readonly open: (path: string) => FifoPort;
  /** Lines kept beyond those in the pipe; default 1,000. */
  readonly limit?: number;
  /** As `setTimeout`; returns the function that cancels it. */
  readonly schedule: (callback: () => void, milliseconds: number) => () => void;
}

const LIMIT = 1_000;

/** Delays before a full pipe is written to again, and a failed one is opened again. */
const RETRY_MS = 250;
const REOPEN_MS = 5_000;

/** A pipe from which nothing was read for this time has no reader. */
const PATIENCE_MS = 5_000;

export class FifoWriter {
  readonly #options: FifoWriterOptions;
  readonly #limit: number;
  #port: FifoPort | undefined;
  #waiting: string[] = [];
  #lost = 0;
  #broken = false;
  #unreadReported = false;
  #cancelRetry: (() => void) | undefined;
  #cancelCheck: (() => void) | undefined;

  constructor(options: FifoWriterOptions) {
    this.#options = options;
    this.#limit = options.limit ?? LIMIT;
    this.#open();
  }

  write(line: string): void {
    this.#waiting.push(line);
    if (this.#waiting.length > this.#limit) {
      this.#waiting.shift();
      this.#lose(1);
    }
    this.#flush();
  }

  /** The kernel discards what is unread with the last descriptor. */
  close(): void {
    this.#cancelRetry?.();
    this.#cancelCheck?.();
    this.#flush();
    const unread = this.#unread();
    if (this.#waiting.length > 0) this.#lose(this.#waiting.length);
    if (unread > 0)
      this.#report('unread', `${unread} bytes were not read before the agent stopped`);
    this.#port?.close();
    this.#port = undefined;
    this.#cancelRetry?.();
    this.#cancelCheck?.();
  }

  #open(): void {
    try {
      this.#port = this.#options.open(this.#options.path);
      if (this.#broken) this.#report('recovered', 'writable again');
      this.#broken = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    if (!this.#broken) {
      this.#options.outcomes.count('fifo', 'failed');
      this.#report('failed', detail);
    }
    this.#broken = true;
    this.#port?.close();
    this.#port = undefined;
    this.#retry(REOPEN_MS, () => {
      this.#open();
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#port === undefined) return;
    try {
      for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
        if (!this.#port.write(line)) {
          this.#retry(RETRY_MS, () => this.#flush());
          break;
        }
        this.#waiting.shift();
        this.#options.outcomes.count('fifo', 'done');
      }
      this.#checkLater();
    } catch (error) {
      this.#fail(error);
    }
  }

  #retry(milliseconds: number, attempt: () => void): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.schedule(attempt, milliseconds);
  }

  #checkLater(): void {
    if (this.#cancelCheck !== undefined) return;
    const before = this.#unread();
    if (before === 0 && !this.#unreadReported) return;
    this.#cancelCheck = this.#options.schedule(() => {
      this.#cancelCheck = undefined;
      this.#check(before);
      this.#checkLater();
    }, PATIENCE_MS);
  }

  /** A reader would have read some of the `before` bytes by now. */
  #check(before: number): void {
    const unread = this.#unread();
    if (unread === 0 && this.#unreadReported) {
      this.#unreadReported = false;
      this.#report('recovered', 'everything was read');
    } else if (unread >= before && unread > 0 && !this.#unreadReported) {
      this.#unreadReported = true;
      this.#report('unread', `${unread} bytes unread for ${PATIENCE_MS / 1_000} s`);
    }
  }

  #unread(): number {
    return this.#port?.unread() ?? 0;
  }

  #lose(lines: number): void {
    for (let i = 0; i < lines; i++) {
      this.#lost += 1;
      this.#options.outcomes.count('fifo', 'lost');
      if (!isPowerOfTwo(this.#lost)) continue;
      this.#report('lost', `${this.#lost} lines dropped so far: no reader, or too slow`);
    }
  }

  #report(outcome: 'failed' | 'lost' | 'unread' | 'recovered', detail: string): void {
    const { path, outcomes } = this.#options;
    outcomes.report({ channel: 'fifo', subject: undefined, target: path, outcome, detail });
  }
}
