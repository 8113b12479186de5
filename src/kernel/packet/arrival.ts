/**
 * How long a received packet has waited to be read, by the time stamp of the kernel (socket(7),
 * SO_TIMESTAMPNS): Master_Down_Timer starts at the arrival of an advertisement, not when the thread wakes
 * up for it. For some milliseconds after the first socket has enabled time stamps, the kernel gives the
 * time of reading instead, and the wait comes out as zero.
 *
 * The record is the first of the ancillary data, and the only one that the socket layer adds:
 *
 *      0               8           12          16              24              32
 *     +---------------+-----------+-----------+---------------+---------------+
 *     |  length (32)  | SOL_SOCKET| TIMESTAMP | seconds       | nanoseconds   |
 *     +---------------+-----------+-----------+---------------+---------------+
 */
import type { Duration } from '../../net/time.ts';
import { CLOCK_REALTIME, SO_TIMESTAMPNS, SOL_SOCKET } from '../ffi/constants.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import { addressOf } from '../ffi/memory.ts';

export const TIMESTAMP_BYTES = 32;

const NONE = 0 as Duration;

export class Arrivals {
  readonly #libc: Libc = libc();
  /** A `struct timespec`, as in the record. */
  readonly #now = new DataView(new ArrayBuffer(16));
  readonly #nowAddress = addressOf(new Uint8Array(this.#now.buffer));

  /** Must be called once for the packets of one system call, before `waited`. */
  readClock(): void {
    this.#libc.clock_gettime(CLOCK_REALTIME, this.#nowAddress);
  }

  /** Zero without a time stamp, and if the wall clock was set back in the meantime. */
  waited(control: DataView, controlLength: number): Duration {
    if (controlLength < TIMESTAMP_BYTES) return NONE;
    if (control.getInt32(8, true) !== SOL_SOCKET) return NONE;
    if (control.getInt32(12, true) !== SO_TIMESTAMPNS) return NONE;
    const seconds = this.#now.getUint32(0, true) - control.getUint32(16, true);
    const nanoseconds = this.#now.getUint32(8, true) - control.getUint32(24, true);
    return Math.max(0, seconds * 1_000_000 + Math.floor(nanoseconds / 1_000)) as Duration;
  }
}
