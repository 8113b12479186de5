/**
 * How many events of real servers people are told of: some at once, and then one every few seconds.
 * When a rack fails, the first twenty say what has happened as well as five hundred do.
 */

const AT_ONCE = 20;
const EACH_MS = 3_000;

export class EventBudget {
  #left = AT_ONCE;
  #countedAt: number;

  /** Milliseconds. */
  constructor(now: number) {
    this.#countedAt = now;
  }

  /** Whether one may be told now; `keep`: how many must be left for what matters more. */
  take(now: number, keep = 0): boolean {
    const grown = Math.floor((now - this.#countedAt) / EACH_MS);
    this.#left = Math.min(AT_ONCE, this.#left + grown);
    this.#countedAt += grown * EACH_MS;
    if (this.#left <= keep) return false;
    this.#left--;
    return true;
  }
}
