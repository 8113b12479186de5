/** A descriptor by which one thread wakes another that waits in the kernel (eventfd(2)). */
import { EFD_CLOEXEC, EFD_NONBLOCK } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';

/** A count of one, as the kernel adds it up: 64 bits in the order of the host. */
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** To be closed with `closeFd`, once nobody rings or waits any more. Throws `KernelError`. */
export function openDoorbell(): number {
  const fd = libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw new KernelError('create doorbell', libc().errno());
  return fd;
}

/** Rings that nobody has answered yet are one. */
export function ring(doorbell: number): void {
  libc().write(doorbell, ONE, ONE.length);
}

export function answerDoorbell(doorbell: number): void {
  libc().read(doorbell, new Uint8Array(ONE.length), ONE.length);
}
