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
  /** The first and the last of such datagrams without a pause. */
  #unproven: { readonly since: Instant; readonly at: Instant } | undefined;

  /** True if the refusal is to be reported. */
  add(reason: PeerRefusal, now: Instant): boolean {
    if (!this.#isNotable(reason, now)) return false;
    const at = this.#reportedAt.get(reason);
    if (at !== undefined && elapsed(at, now) < REPEAT_AFTER) return false;
    this.#reportedAt.set(reason, now);
    return true;
  }

  /** The director has come up: what it was refused for is over. */
  cameUp(): void {
    this.#reportedAt.clear();
    this.#unproven = undefined;
  }

  #isNotable(reason: PeerRefusal, now: Instant): boolean {
    if (reason !== 'unproven') return true;
    const known = this.#unproven;
    const goesOn = known !== undefined && elapsed(known.at, now) < UNPROVEN_FOR;
    this.#unproven = { since: goesOn ? known.since : now, at: now };
    return elapsed(this.#unproven.since, now) >= UNPROVEN_FOR;
  }
}
