/** Makes an agent that runs lose changes of the kernel: its netlink sockets get room for one message. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { SO_RCVBUF, SOL_SOCKET } from '../../src/kernel/ffi/constants.ts';
import { KernelError } from '../../src/kernel/ffi/kernel-error.ts';
import { libc } from '../../src/kernel/ffi/libc.ts';
import { closeFd, setOption } from '../../src/kernel/ffi/socket.ts';
import { openPidFd } from '../../src/kernel/process/pidfd.ts';

/** The same on all architectures, like every newer system call; Linux 5.6. */
const SYS_PIDFD_GETFD = 438;

/** Returns how many sockets have the small buffer. */
export function squeezeNetlink(pid: number): number {
  const inodes = netlinkInodes(pid);
  const pidFd = openPidFd(pid);
  if (typeof pidFd === 'string') throw new Error(`process ${pid} is ${pidFd}`);
  let count = 0;
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(linkOf(pid, name)) ?? [];
    if (!inodes.has(inode)) continue;
    const fd = libc().syscall(SYS_PIDFD_GETFD, pidFd, Number(name), 0);
    if (fd < 0) throw new KernelError('share a socket', libc().errno());
    setOption('shrink a receive buffer', fd, SOL_SOCKET, SO_RCVBUF, 1);
    closeFd(fd);
    count++;
  }
  closeFd(pidFd);
  return count;
}

/** In the network namespace of the process. */
function netlinkInodes(pid: number): Set<string> {
  const rows = readFileSync(`/proc/${pid}/net/netlink`, 'utf8').trimEnd().split('\n').slice(1);
  return new Set(rows.map((row) => row.trim().split(/\s+/).at(-1) ?? ''));
}

function linkOf(pid: number, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${name}`);
  } catch {
    return '';
  }
}
