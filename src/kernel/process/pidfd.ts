/** A descriptor of a process, readable once the process has ended (pidfd_open(2), Linux 5.3). */
import { errnoNumber } from '../ffi/errno.ts';
import { libc } from '../ffi/libc.ts';

/** The same on x86-64, arm64 and riscv64: newer system calls share their numbers. */
const SYS_PIDFD_OPEN = 434;

/** The descriptor is the caller's to close. `unsupported`: the kernel is too old, or forbids it. */
export function openPidFd(pid: number): number | 'gone' | 'unsupported' {
  const fd = libc().syscall(SYS_PIDFD_OPEN, pid, 0);
  if (fd >= 0) return fd;
  return libc().errno() === errnoNumber('ESRCH') ? 'gone' : 'unsupported';
}
