/**
 * Checks that the protocol thread is alive by pinging it. `status` shows only what that thread last
 * reported, and a healthy MASTER may report nothing for months.
 */
import { LATE, withDeadline } from '../../async/deadline.ts';

export type Health =
  | { readonly healthy: true }
  /** `reason` is a sentence. */
  | { readonly healthy: false; readonly reason: string };

export interface HealthCheckOptions {
  /** Resolves when the protocol thread answers. */
  readonly ping: () => Promise<void>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** How long an answer may take; default 1 s. */
  readonly timeoutMs?: number;
}

/** How long an answer stays valid, so that frequent checks do not ping the thread each time. */
const FRESH_MS = 500;

const TIMEOUT_MS = 1_000;

export class HealthCheck {
  readonly #options: Required<HealthCheckOptions>;
  #answeredAt: number;
  #pending: Promise<void> | undefined;

  constructor(options: HealthCheckOptions) {
    this.#options = { timeoutMs: TIMEOUT_MS, ...options };
    this.#answeredAt = options.now() - FRESH_MS;
  }

  async check(): Promise<Health> {
    const { now, timeoutMs } = this.#options;
    if (now() - this.#answeredAt < FRESH_MS) return { healthy: true };
    if ((await withDeadline(this.#ping(), timeoutMs)) !== LATE) return { healthy: true };
    const silence = ((now() - this.#answeredAt) / 1_000).toFixed(1);
    return { healthy: false, reason: `the protocol thread has not answered for ${silence} s` };
  }

  /** One ping at a time, so that pings do not queue up for a late thread. */
  #ping(): Promise<void> {
    this.#pending ??= this.#options.ping().then(() => {
      this.#answeredAt = this.#options.now();
      this.#pending = undefined;
    });
    return this.#pending;
  }
}
