/** Whether a program such as chrony keeps the wall clock right (adjtimex(2)). */
import { libc } from '../ffi/libc.ts';

/** Longer than `struct timex` is anywhere. */
const TIMEX_BYTES = 256;

/** Nothing synchronizes the clock, or its error has become too large. */
const TIME_ERROR = 5;

/** Undefined: the kernel does not say. */
export function isClockSynchronized(): boolean | undefined {
  const state = libc().adjtimex(new Uint8Array(TIMEX_BYTES));
  return state < 0 ? undefined : state !== TIME_ERROR;
}
