/**
 * Feeds the watchdog of the service manager (sd_notify(3), WATCHDOG=1) from the protocol thread, by a
 * timer that only this thread serves, and only while the protocol meets its deadlines and the main
 * thread runs: a loop that runs without serving its deadlines is no better than one that hangs, and
 * without the main thread the agent cannot be queried or stopped.
 */
import type { ClockPort } from '../../kernel/ports.ts';
import { after, milliseconds, seconds } from '../../net/time.ts';

/** A deadline overdue by this much will not be served. */
const OVERDUE = seconds(1);

/** The notifications of one watchdog interval: the main thread may be silent for as long. */
const NOTIFICATIONS = 3;

interface WatchdogSettings {
  /** The value of `NOTIFY_SOCKET`. */
  readonly socket: string;
  readonly everyMs: number;
}

interface WatchdogOptions {
  /** Used by the watchdog alone. */
  readonly clock: ClockPort;
  readonly everyMs: number;
  readonly send: (message: string) => boolean;
  /** How long the next deadline of the protocol has been due; negative while it lies ahead. */
  readonly overdue: () => number;
  /** How often the main thread has turned; any change will do. */
  readonly beats: () => number;
}

export class Watchdog {
  readonly #options: WatchdogOptions;
  #beats = Number.NaN;
  /** Expiries in a row without a turn of the main thread. Counted, as time may pass while all threads stop. */
  #silences = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#arm();
  }

  /** Called when the timer has expired. */
  fire(): void {
    this.#arm();
    const beats = this.#options.beats();
    this.#silences = beats === this.#beats ? this.#silences + 1 : 0;
    this.#beats = beats;
    const isMainAlive = this.#silences < NOTIFICATIONS;
    if (isMainAlive && this.#options.overdue() < OVERDUE) this.#options.send('WATCHDOG=1');
  }

  #arm(): void {
    const { clock, everyMs } = this.#options;
    clock.arm(after(clock.now(), milliseconds(everyMs)));
  }
}

/** From the environment (sd_watchdog_enabled(3)); undefined if the watchdog is off for this process. */
export function watchdogOf(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): WatchdogSettings | undefined {
  const socket = environment['NOTIFY_SOCKET'];
  const limit = Number(environment['WATCHDOG_USEC']);
  const watched = environment['WATCHDOG_PID'];
  if (socket === undefined || !Number.isSafeInteger(limit) || limit <= 0) return undefined;
  if (watched !== undefined && watched !== String(pid)) return undefined;
  // The manual recommends half of the limit; a third tolerates one notification that is late.
  return { socket, everyMs: Math.max(1, Math.floor(limit / (1_000 * NOTIFICATIONS))) };
}
