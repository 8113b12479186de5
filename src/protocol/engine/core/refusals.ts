/**
 * Which refused packets of a neighbour an operator should hear of, once each. Some are ordinary for a
 * moment, when a process starts: those are reported only if they continue for some seconds.
 */
import { type Duration, elapsed, type Instant, seconds } from '../../../net/time.ts';

const REPEAT_AFTER = seconds(600);

export class Refusals<Reason extends string> {
  readonly #ordinary: Reason;
  readonly #patience: Duration;
  readonly #reportedAt = new Map<Reason, Instant>();
  /** The first and the last of the ordinary ones without a pause. */
  #series: { readonly since: Instant; readonly at: Instant } | undefined;

  /** `ordinary`: the reason that is reported after `patience`. */
  constructor(ordinary: Reason, patience: Duration) {
    this.#ordinary = ordinary;
    this.#patience = patience;
  }

  /** True if the refusal is to be reported. */
  add(reason: Reason, now: Instant): boolean {
    if (!this.#isNotable(reason, now)) return false;
    const at = this.#reportedAt.get(reason);
    if (at !== undefined && elapsed(at, now) < REPEAT_AFTER) return false;
    this.#reportedAt.set(reason, now);
    return true;
  }

  /** The neighbour has come up: what it was refused for is over. */
  cameUp(): void {
    this.#reportedAt.clear();
    this.#series = undefined;
  }

  #isNotable(reason: Reason, now: Instant): boolean {
    if (reason !== this.#ordinary) return true;
    const known = this.#series;
    const goesOn = known !== undefined && elapsed(known.at, now) < this.#patience;
    this.#series = { since: goesOn ? known.since : now, at: now };
    return elapsed(this.#series.since, now) >= this.#patience;
  }
}
