/**
 * A name that one process at a time can hold in a network namespace: an abstract Unix socket (unix(7)).
 * Containers that share the network namespace see the same name, whatever files and processes they see.
 * The kernel frees the name when its holder ends, however it ends.
 */
import { AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM } from '../ffi/constants.ts';
import { errnoNumber } from '../ffi/errno.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';
import { openedTogether } from '../ffi/opened-together.ts';
import { type PeerCredentials, peerCredentials } from '../ffi/peer-credentials.ts';
import { closeFd, openSocket } from '../ffi/socket.ts';
import { abstractSocketAddress } from '../ffi/socket-address.ts';
import { Reactor } from '../reactor/reactor.ts';

const BACKLOG = 64;

export type NameAttempt =
  | { readonly held: true; readonly name: NamespaceName }
  | { readonly held: false; readonly by: NameHolder };

/** `deaf`: it accepts no connection. `unknown`: the kernel does not say who it is. */
export type NameHolder = PeerCredentials | 'deaf' | 'unknown';

export class NamespaceName {
  readonly #fd: number;
  readonly #reactor: Reactor;
  #isHeld = true;

  private constructor(fd: number) {
    this.#fd = fd;
    // A client only wants to know the pid of the listener; a full queue would hide it.
    this.#reactor = openedTogether((own) => {
      const reactor = own(new Reactor(() => undefined));
      reactor.add(fd, () => this.#hangUp());
      return reactor;
    });
  }

  /** In the network namespace of the calling thread. Throws `KernelError`. */
  static acquire(name: string): NameAttempt {
    const fd = openNameSocket();
    try {
      if (bindName(fd, name)) return { held: true, name: new NamespaceName(fd) };
    } catch (error) {
      closeFd(fd);
      throw error;
    }
    closeFd(fd);
    return { held: false, by: holderOf(name) };
  }

  /** May be called repeatedly. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#reactor.close();
    closeFd(this.#fd);
  }

  #hangUp(): void {
    for (;;) {
      const connection = libc().accept4(this.#fd, null, null, SOCK_CLOEXEC);
      if (connection < 0) return;
      closeFd(connection);
    }
  }
}

function openNameSocket(): number {
  return openSocket('a socket with a name', AF_UNIX, SOCK_STREAM, 0);
}

/** False: another process has the name. */
function bindName(fd: number, name: string): boolean {
  const address = abstractSocketAddress(name);
  if (libc().bind(fd, address, address.length) < 0) {
    const errno = libc().errno();
    if (errno === errnoNumber('EADDRINUSE')) return false;
    throw new KernelError(`bind the name ${name}`, errno);
  }
  if (libc().listen(fd, BACKLOG) < 0) throw new KernelError(`listen on ${name}`, libc().errno());
  return true;
}

/** The kernel tells the client who listens, even if that process is stopped. */
function holderOf(name: string): NameHolder {
  const fd = openNameSocket();
  try {
    const address = abstractSocketAddress(name);
    if (libc().connect(fd, address, address.length) >= 0) return peerCredentials(fd) ?? 'unknown';
    return isDeaf(libc().errno()) ? 'deaf' : 'unknown';
  } finally {
    closeFd(fd);
  }
}

/** It does not listen, or its queue is full. */
function isDeaf(errno: number): boolean {
  return errno === errnoNumber('ECONNREFUSED') || errno === errnoNumber('EAGAIN');
}
