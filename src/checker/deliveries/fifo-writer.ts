/**
 * Lines for a named pipe. The kernel keeps 64 KiB for a reader that is slow or restarts; beyond
 * that some lines are kept here, and then the oldest are given up: counted, and told of. A pipe that
 * nobody reads is told of too.
 */
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import type { Outcomes } from './outcomes.ts';

export interface FifoPort {
  /** False: full. */
  write(line: string): boolean;
  unread(): number;
  close(): void;
}

export interface FifoWriterOptions {
  readonly path: string;
  readonly outcomes: Outcomes;
  /** Throws when there can be no pipe. */
  readonly open: (path: string) => FifoPort;
  /** Lines kept beyond those in the pipe; default 1,000. */
  readonly limit?: number;
  /** Calls back once, later; returns how to call it off. */
  readonly schedule: (callback: () => void, milliseconds: number) => () => void;
}

const LIMIT = 1_000;

/** When a full pipe, or a path that cannot be opened, is tried again. */
const RETRY_MS = 250;
const REOPEN_MS = 5_000;

/** Lines that lie unread for so long have no reader. */
const PATIENCE_MS = 5_000;

export class FifoWriter {
  readonly #options: FifoWriterOptions;
  readonly #limit: number;
  #port: FifoPort | undefined;
  #waiting: string[] = [];
  #lost = 0;
  #broken = false;
  #unreadTold = false;
  #callOffRetry: (() => void) | undefined;
  #callOffCheck: (() => void) | undefined;

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

  /** What is still in the pipe goes with its last holder. */
  close(): void {
    this.#callOffRetry?.();
    this.#callOffCheck?.();
    this.#flush();
    const unread = this.#unread();
    if (this.#waiting.length > 0) this.#lose(this.#waiting.length);
    if (unread > 0) this.#tell('unread', `${unread} bytes were not read before the agent stopped`);
    this.#port?.close();
    this.#port = undefined;
    this.#callOffRetry?.();
    this.#callOffCheck?.();
  }

  #open(): void {
    try {
      this.#port = this.#options.open(this.#options.path);
      if (this.#broken) this.#tell('recovered', 'it can be written again');
      this.#broken = false;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    if (!this.#broken) {
      this.#options.outcomes.count('fifo', 'failed');
      this.#tell('failed', detail);
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
    this.#callOffRetry?.();
    this.#callOffRetry = this.#options.schedule(attempt, milliseconds);
  }

  #checkLater(): void {
    if (this.#callOffCheck !== undefined) return;
    const before = this.#unread();
    if (before === 0 && !this.#unreadTold) return;
    this.#callOffCheck = this.#options.schedule(() => {
      this.#callOffCheck = undefined;
      this.#check(before);
      this.#checkLater();
    }, PATIENCE_MS);
  }

  /** A reader takes some of it in that time. */
  #check(before: number): void {
    const unread = this.#unread();
    if (unread === 0 && this.#unreadTold) {
      this.#unreadTold = false;
      this.#tell('recovered', 'everything has been read');
    } else if (unread >= before && unread > 0 && !this.#unreadTold) {
      this.#unreadTold = true;
      this.#tell('unread', `${unread} bytes lie unread for ${PATIENCE_MS / 1_000} s`);
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
      this.#tell('lost', `${this.#lost} lines given up so far: nobody reads fast enough`);
    }
  }

  #tell(outcome: 'failed' | 'lost' | 'unread' | 'recovered', detail: string): void {
    const { path, outcomes } = this.#options;
    outcomes.tell({ channel: 'fifo', subject: undefined, target: path, outcome, detail });
  }
}
