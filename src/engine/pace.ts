/**
 * How many changes of IPv6 addresses a turn has room for. Each takes the kernel 15 us to begin with;
 * once its worker has joined their multicast groups, each looks at all the groups there are
 * (ipv6_mc_up in net/ipv6/mcast.c), and both want the same lock: then it is 100 us and more.
 */
import type { Duration } from '../net/time.ts';

/** So long may an advertisement have to wait for them. */
const TURN: Duration = 1_000 as Duration;

/** `first`: as long as nothing has been measured; the worker may be at work already. */
const LIMIT = { least: 4, first: 16, most: 32 } as const;

/** IPv6 changes of a turn as long as nothing has been measured. */
export const CHANGES_OF_A_TURN = LIMIT.first;

/** A few changes say nothing of the next: they pay for caches that are cold. */
const TELLING = 8;

/** Microseconds for each, from which on the worker is at work as well. */
const SLOW = 40;

export class Pace {
  #limit: number = LIMIT.first;
  #left = this.#limit;
  #slow = false;

  /** There is no hurry any more: so many will take tens of milliseconds. */
  get isSlow(): boolean {
    return this.#slow;
  }

  nextTurn(): void {
    this.#left = this.#limit;
  }

  /** Whether there is room for one more; takes it. */
  take(): boolean {
    if (this.#left <= 0) return false;
    this.#left--;
    return true;
  }

  /** What a batch has taken; undefined where nobody has looked. */
  measured(changes: number, took: Duration | undefined): void {
    if (took === undefined || changes < TELLING) return;
    const each = Math.max(1, took / changes);
    this.#slow = each >= SLOW;
    this.#limit = Math.min(LIMIT.most, Math.max(LIMIT.least, Math.floor(TURN / each)));
  }

  /** Nothing is left to do: whatever comes next is measured anew. */
  rest(): void {
    this.#limit = LIMIT.first;
    this.#slow = false;
  }
}
