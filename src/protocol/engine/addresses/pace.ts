/**
 * How many changes of addresses one turn requests: as many as take the kernel some two milliseconds, by
 * the last measurement. The kernel walks the addresses of a link for each change, so that the cost of one
 * grows with their number (find_matching_ifa in net/ipv4/devinet.c): 5 us at first, 300 us beside 5,000.
 * Between two turns, due advertisements are sent and waiting packets are read.
 */
import { type Duration, elapsed, type Instant, milliseconds } from '../../../net/time.ts';

const BUDGET: Duration = milliseconds(2.5);

export class Pace {
  readonly #most: number;
  #limit: number;
  #remaining: number;
  #used = 0;
  #askedAt: Instant | undefined;

  /** `most`: the units of a turn that costs next to nothing. */
  constructor(most: number) {
    this.#most = most;
    this.#limit = most;
    this.#remaining = most;
  }

  nextTurn(): void {
    this.#remaining = this.#limit;
  }

  /** False if the change has to wait for the next turn. Each turn has room for one change at least. */
  take(units: number, now: Instant): boolean {
    const isFirst = this.#remaining === this.#limit;
    if (this.#remaining < units && !isFirst) return false;
    this.#remaining -= units;
    this.#used += units;
    this.#askedAt ??= now;
    return true;
  }

  /**
   * The kernel has answered: what the changes have cost decides how many the next turn requests. `took`: the
   * time of the kernel alone, if that is known; what a turn sends meanwhile says nothing about the changes.
   */
  answered(now: Instant, took?: Duration): void {
    if (this.#askedAt === undefined) return;
    const cost = Math.max(1, took ?? elapsed(this.#askedAt, now));
    const affordable = Math.floor((this.#used * BUDGET) / cost);
    this.#limit = Math.max(1, Math.min(affordable, 2 * this.#limit, this.#most));
    this.#used = 0;
    this.#askedAt = undefined;
  }
}
