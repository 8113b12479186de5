/**
 * The engine's clock and its one timer. Both use CLOCK_BOOTTIME, which also counts while the host is
 * suspended, unlike `process.hrtime`; reading it costs no more.
 */
import { at } from '../../net/assert.ts';
import { type Instant, NEVER } from '../../net/time.ts';
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  TFD_CLOEXEC,
  TFD_NONBLOCK,
  TFD_TIMER_ABSTIME,
} from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import { addressOf, putUint64 } from '../ffi/memory.ts';
import type { ClockPort } from '../ports.ts';

/**
 * The descriptor is readable from the deadline until another deadline is armed (timerfd_settime(2)
 * clears the expiration). So it needs no read, and a missed wake-up is repeated.
 */
export class Clock implements ClockPort {
  /** For the reactor. */
  readonly fd: number;
  /** `monotonic` if the kernel refuses a timer on CLOCK_BOOTTIME: time then stops during suspend. */
  readonly source: 'boottime' | 'monotonic';
  readonly #libc: Libc = libc();
  readonly #clockId: number;
  /** `struct timespec`: 64-bit seconds, 64-bit nanoseconds. */
  readonly #now = new Uint32Array(4);
  readonly #nowAddress = addressOf(this.#now);
  /** `struct itimerspec`: interval (zero: fire once), then value; each a `struct timespec`. */
  readonly #setting = new Uint32Array(8);
  readonly #settingAddress = addressOf(this.#setting);
  #armed: Instant = NEVER;

  constructor() {
    const boottime = this.#createTimer(CLOCK_BOOTTIME);
    this.source = boottime >= 0 ? 'boottime' : 'monotonic';
    this.#clockId = boottime >= 0 ? CLOCK_BOOTTIME : CLOCK_MONOTONIC;
    this.fd = boottime >= 0 ? boottime : this.#createTimer(CLOCK_MONOTONIC);
    if (this.fd < 0) throw new KernelError('create timer', this.#libc.errno());
  }

  now(): Instant {
    const now = this.#now;
    this.#libc.clock_gettime(this.#clockId, this.#nowAddress);
    const seconds = at(now, 1) * 2 ** 32 + at(now, 0);
    return (seconds * 1_000_000 + Math.floor(at(now, 2) / 1_000)) as Instant;
  }

  arm(deadline: Instant): void {
    if (deadline === this.#armed) return;
    // A value of zero would disarm the timer.
    const wakeAt = deadline === NEVER ? 0 : Math.max(1, deadline);
    putUint64(this.#setting, 4, Math.floor(wakeAt / 1_000_000));
    this.#setting[6] = (wakeAt % 1_000_000) * 1_000;
    if (this.#libc.timerfd_settime(this.fd, TFD_TIMER_ABSTIME, this.#settingAddress, 0) < 0) {
      throw new KernelError('set timer', this.#libc.errno());
    }
    this.#armed = deadline;
  }

  close(): void {
    this.#libc.close(this.fd);
  }

  #createTimer(clockId: number): number {
    return this.#libc.timerfd_create(clockId, TFD_NONBLOCK | TFD_CLOEXEC);
  }
}
