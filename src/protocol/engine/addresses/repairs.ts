/**
 * Repairs of what another program undoes: it removes a VIP, a route or a link of a MASTER, or adds a VIP
 * to a BACKUP. The first repair is immediate; while the other program continues, each one waits longer,
 * and only the first, the second, the fourth and so on is reported.
 */
import { Backoff } from '../../../net/backoff.ts';
import { isPowerOfTwo } from '../../../net/power-of-two.ts';
import { type Instant, milliseconds, seconds } from '../../../net/time.ts';
import type { Timers } from '../core/timers.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';

/** A VIP that is removed again and again is missing for at most five seconds at a time. */
const LIMITS = { least: milliseconds(50), most: seconds(5), calm: seconds(600) } as const;

export class Repairs {
  readonly #timers: Timers;
  /** By what is repaired: an address, a route, a link. */
  readonly #backoffs = new WeakMap<object, Backoff>();

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** False: it is too soon, and the router is compared with the kernel again when it is time. */
  allows(subject: object, router: VirtualRouter, now: Instant): boolean {
    const until = this.#backoffs.get(subject)?.until;
    if (until === undefined || now >= until) return true;
    const { position } = router;
    if (until < this.#timers.at('repair', position)) this.#timers.set('repair', position, until);
    return false;
  }

  /** The number of repairs in a row, if this one is to be reported. */
  made(subject: object, now: Instant): number | undefined {
    const known = this.#backoffs.get(subject);
    const backoff = known ?? new Backoff(LIMITS);
    if (known === undefined) this.#backoffs.set(subject, backoff);
    const count = backoff.repaired(now);
    return isPowerOfTwo(count) ? count : undefined;
  }
}
