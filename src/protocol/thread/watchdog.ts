/**
 * The protocol thread's sign of life. It is sent from where the protocol is served, by a timer among
 * its own, and only while the protocol keeps its deadlines: a loop that turns and serves nobody is
 * as dead as one that hangs.
 */
import type { ClockPort } from '../../kernel/ports.ts';
import { after, milliseconds, seconds } from '../../net/time.ts';

/** A deadline that has been due for longer is not going to be served. */
const OVERDUE = seconds(1);

export interface WatchdogOptions {
  /** A timer of its own. */
  readonly clock: ClockPort;
  readonly everyMs: number;
  readonly send: (message: string) => boolean;
  /** How long the next deadline of the protocol has been due; negative while it lies ahead. */
  readonly overdue: () => number;
}

export class Watchdog {
  readonly #options: WatchdogOptions;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#arm();
  }

  /** The timer has expired. */
  fire(): void {
    this.#arm();
    if (this.#options.overdue() < OVERDUE) this.#options.send('WATCHDOG=1');
  }

  #arm(): void {
    const { clock, everyMs } = this.#options;
    clock.arm(after(clock.now(), milliseconds(everyMs)));
  }
}
