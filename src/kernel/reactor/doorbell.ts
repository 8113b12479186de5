/** A descriptor with which one thread wakes another that waits in the kernel (eventfd(2)). */
import { EFD_CLOEXEC, EFD_NONBLOCK } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';

/** A count of one as eventfd(2) takes it: 64 bits in the byte order of the host. */
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer);

/** Close it with `closeFd` when no thread uses it any longer. Throws `KernelError`. */
export function openDoorbell(): number {
  const fd = libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw new KernelError('create doorbell', libc().errno());
  return fd;
}

/** Rings before the next answer count as one. */
export function ring(doorbell: number): void {
  libc().write(doorbell, ONE, ONE.length);
}

export function answerDoorbell(doorbell: number): void {
  libc().read(doorbell, new Uint8Array(ONE.length), ONE.length);
}
