/** A descriptor of a process, readable once the process has ended (pidfd_open(2), Linux 5.3). */
import { errnoNumber } from '../ffi/errno.ts';
import { libc } from '../ffi/libc.ts';

/** The same on all architectures, like every newer system call. */
const SYS_PIDFD_OPEN = 434;

/** The caller closes the descriptor. `unsupported`: the kernel is too old, or refuses. */
export function openPidFd(pid: number): number | 'gone' | 'unsupported' {
  const fd = libc().syscall(SYS_PIDFD_OPEN, pid, 0, 0);
  if (fd >= 0) return fd;
  return libc().errno() === errnoNumber('ESRCH') ? 'gone' : 'unsupported';
}
