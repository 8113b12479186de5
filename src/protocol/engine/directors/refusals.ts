/**
 * Which refused datagrams an operator should hear of, once each. A few datagrams of a starting process are
 * ordinary; a director that is heard for seconds without hearing this one is not.
 */
import { elapsed, type Instant, seconds } from '../../../net/time.ts';
import type { PeerRefusal } from '../director-messages.ts';

const REPEAT_AFTER = seconds(600);

/** A new process has shown that it lives long before this. */
const UNPROVEN_FOR = seconds(3);

export class Refusals {
  readonly #reportedAt = new Map<PeerRefusal, Instant>();
  #unprovenSince: Instant | undefined;

  /** True if the refusal is to be reported. */
  add(reason: PeerRefusal, now: Instant): boolean {
    if (!this.#isNotable(reason, now)) return false;
    const at = this.#reportedAt.get(reason);
    if (at !== undefined && elapsed(at, now) < REPEAT_AFTER) return false;
    this.#reportedAt.set(reason, now);
    return true;
  }

  believed(): void {
    this.#unprovenSince = undefined;
  }

  /** The director has come up: what it was refused for is over. */
  cameUp(): void {
    this.#reportedAt.clear();
  }

  #isNotable(reason: PeerRefusal, now: Instant): boolean {
    if (reason !== 'unproven') return true;
    this.#unprovenSince ??= now;
    return elapsed(this.#unprovenSince, now) >= UNPROVEN_FOR;
  }
}
