/**
 * The log of the IPVS keepers: a problem is logged once, however often the attempt is repeated. Of the
 * repairs of what another program undoes, the first, the second, the fourth and so on is logged, and
 * each one waits longer.
 */
import type { Logger } from 'pino';
import { Backoff } from '../../net/backoff.ts';
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import { type Instant, instant, milliseconds, seconds } from '../../net/time.ts';

/** As with addresses: what is undone again and again is wrong for at most five seconds at a time. */
const LIMITS = { least: milliseconds(50), most: seconds(5), calm: seconds(600) } as const;

export class IpvsLog {
  readonly #logger: Logger;
  readonly #now: () => Instant;
  readonly #unsettled = new Map<string, string>();
  readonly #repairs = new Map<string, Backoff>();

  constructor(logger: Logger, now: () => Instant = monotonicNow) {
    this.#logger = logger;
    this.#now = now;
  }

  /** False: it was repaired a moment ago, and another program undoes it. */
  mayRepair(subject: string): boolean {
    const until = this.#repairs.get(subject)?.until;
    return until === undefined || this.#now() >= until;
  }

  /** Another program has undone it, and it was repaired. */
  repaired(subject: string, code: string, message: string): void {
    const count = this.countRepair(subject);
    if (count === undefined) return;
    this.#logger.warn(
      { code, count },
      count === 1 ? message : `${message} (${count} times in a row)`,
    );
  }

  /** The number of repairs in a row, if this one is to be logged. */
  countRepair(subject: string): number | undefined {
    const backoff = this.#repairs.get(subject) ?? new Backoff(LIMITS);
    this.#repairs.set(subject, backoff);
    const count = backoff.repaired(this.#now());
    return isPowerOfTwo(count) ? count : undefined;
  }

  info(code: string, message: string): void {
    this.#logger.info({ code }, message);
  }

  warn(code: string, message: string): void {
    this.#logger.warn({ code }, message);
  }

  /** A problem that lasts until it is `settled`; it is logged again only if its message changes. */
  trouble(subject: string, code: string, message: string): void {
    if (this.#unsettled.get(subject) === message) return;
    this.#unsettled.set(subject, message);
    this.#logger.error({ code }, message);
  }

  settled(subject: string): void {
    this.#unsettled.delete(subject);
  }

  /** Messages of all problems that are not settled. */
  troubles(): string[] {
    return [...this.#unsettled.values()];
  }
}

export function monotonicNow(): Instant {
  return instant(Math.round(performance.now() * 1_000));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
