/**
 * Notices from the main thread that the protocol thread hangs: it has not served its deadline for so long
 * that its peers have taken over. The watchdog of the service manager sees it too, but that is slower,
 * and there may be none.
 */
import { masterDownInterval } from '../../../fsm/vrrp/timing.ts';
import {
  type Duration,
  elapsed,
  type Instant,
  longest,
  milliseconds,
  seconds,
  shortest,
} from '../../net/time.ts';
import type { InstanceSettings } from '../engine/settings.ts';

/** At beats of 250 ms, the VIPs are gone within a second. */
const SHORTEST = milliseconds(500);

/** Beats of the main thread that must pass meanwhile: the process as a whole may have stood still. */
const BEATS = 2;

/**
 * Rather than that a host with other work kills an agent that would recover; and for a thread that does
 * work: a turn that starts hundreds of virtual routers can take longer than the shortest limit.
 */
const LONGEST = seconds(10);

/** What the protocol thread shows of itself. */
interface Signs {
  /** When it runs next. */
  readonly deadline: Instant;
  /** When it last looked at the clock, as it does with each input. */
  readonly lookedAt: number;
  /** It has a reload or a takeover to handle. */
  readonly isAsked: boolean;
}

export class HangGuard {
  #limit: Duration = LONGEST;
  #deadline: Instant | undefined;
  #lookedAt: number | undefined;
  /** In a row, with one deadline that has passed. */
  #beats = 0;
  /** Those of them in which it did not work either. */
  #idleBeats = 0;

  follow(instances: readonly InstanceSettings[]): void {
    const intervals = instances.map(({ version, priority, advertisementInterval }) =>
      masterDownInterval(version, priority, advertisementInterval),
    );
    this.#limit = longest(SHORTEST, intervals.reduce(shortest, LONGEST));
  }

  /** Called at each beat of the main thread. */
  isHung({ deadline, lookedAt, isAsked }: Signs, now: Instant): boolean {
    const isStuck = deadline <= now && deadline === this.#deadline;
    const isIdle = isStuck && !isAsked && lookedAt === this.#lookedAt;
    this.#beats = isStuck ? this.#beats + 1 : 0;
    this.#idleBeats = isIdle ? this.#idleBeats + 1 : 0;
    this.#deadline = deadline;
    this.#lookedAt = lookedAt;
    if (this.#beats < BEATS) return false;
    const limit = this.#idleBeats >= BEATS ? this.#limit : LONGEST;
    return elapsed(deadline, now) >= limit;
  }
}
