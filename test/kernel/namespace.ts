/**
 * Network namespaces of ip-netns(8). A socket stays in the namespace that its thread was in when it
 * opened the socket; only the thread itself can move.
 */
import { CLONE_NEWNET, O_CLOEXEC, O_RDONLY } from '../../src/kernel/ffi/constants.ts';
import { KernelError } from '../../src/kernel/ffi/kernel-error.ts';
import { libc } from '../../src/kernel/ffi/libc.ts';
import { closeFd } from '../../src/kernel/ffi/socket.ts';

const NAMED = '/run/netns';
const OWN = '/proc/thread-self/ns/net';

/** Runs the function in the namespace. It must not await: the thread returns when the function does. */
export function inNamespace<Value>(name: string, run: () => Value): Value {
  const home = openNamespace(OWN);
  try {
    enterNamespace(name);
    return run();
  } finally {
    enter('return to network namespace', home);
    closeFd(home);
  }
}

/** Moves the calling thread permanently. */
export function enterNamespace(name: string): void {
  const fd = openNamespace(`${NAMED}/${name}`);
  try {
    enter(`enter network namespace ${name}`, fd);
  } finally {
    closeFd(fd);
  }
}

function openNamespace(path: string): number {
  const fd = libc().open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw new KernelError(`open ${path}`, libc().errno());
  return fd;
}

function enter(operation: string, fd: number): void {
  if (libc().setns(fd, CLONE_NEWNET) < 0) {
    throw new KernelError(operation, libc().errno(), 'needs CAP_SYS_ADMIN');
  }
}
