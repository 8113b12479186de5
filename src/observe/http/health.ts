/**
 * Whether the protocol thread is alive, by asking it. A row of `status` is only as good as the
 * thread that reported it, and a healthy MASTER has nothing to report for months.
 */
import { LATE, withDeadline } from '../../async/deadline.ts';

export type Health =
  | { readonly healthy: true }
  /** `reason` is a sentence for people. */
  | { readonly healthy: false; readonly reason: string };

export interface HealthCheckOptions {
  /** Fulfilled when the protocol thread has answered. */
  readonly ping: () => Promise<void>;
  /** Milliseconds on a clock that is never set. */
  readonly now: () => number;
  /** How long an answer may take; default 1 s. */
  readonly timeoutMs?: number;
}

/** An answer is good for as long: however often health is asked, the thread is asked once. */
const FRESH_MS = 500;

const TIMEOUT_MS = 1_000;

export class HealthCheck {
  readonly #options: Required<HealthCheckOptions>;
  #answeredAt: number;
  #asking: Promise<void> | undefined;

  constructor(options: HealthCheckOptions) {
    this.#options = { timeoutMs: TIMEOUT_MS, ...options };
    this.#answeredAt = options.now() - FRESH_MS;
  }

  async check(): Promise<Health> {
    const { now, timeoutMs } = this.#options;
    if (now() - this.#answeredAt < FRESH_MS) return { healthy: true };
    if ((await withDeadline(this.#ask(), timeoutMs)) !== LATE) return { healthy: true };
    const silence = ((now() - this.#answeredAt) / 1_000).toFixed(1);
    return { healthy: false, reason: `the protocol thread has not answered for ${silence} s` };
  }

  /** One question at a time: a thread that is late does not find a queue of them. */
  #ask(): Promise<void> {
    this.#asking ??= this.#options.ping().then(() => {
      this.#answeredAt = this.#options.now();
      this.#asking = undefined;
    });
    return this.#asking;
  }
}
