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

/** Rather than that a host with other work kills an agent that would recover. */
const LONGEST = seconds(10);

export class HangGuard {
  #limit: Duration = LONGEST;
  #deadline: Instant | undefined;
  #beats = 0;

  follow(instances: readonly InstanceSettings[]): void {
    const intervals = instances.map(({ version, priority, advertisementInterval }) =>
      masterDownInterval(version, priority, advertisementInterval),
    );
    this.#limit = longest(SHORTEST, intervals.reduce(shortest, LONGEST));
  }

  /** Called at each beat of the main thread. `deadline`: when the protocol thread runs next. */
  isHung(deadline: Instant, now: Instant): boolean {
    const isLate = deadline <= now;
    this.#beats = isLate && deadline === this.#deadline ? this.#beats + 1 : 0;
    this.#deadline = deadline;
    return isLate && this.#beats >= BEATS && elapsed(deadline, now) >= this.#limit;
  }
}
