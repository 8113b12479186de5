/**
 * The datagram socket on which a service manager hears from its services (sd_notify(3)). A message
 * is a system call that never waits; a manager that does not listen costs nothing.
 */
import { AF_UNIX, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_DGRAM } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';
import { closeFd, configured, openSocket } from '../ffi/socket.ts';

/** `sun_path` of `struct sockaddr_un` (unix(7)). */
const PATH_BYTES = 108;

export class NotifySocket {
  readonly #fd: number;

  /** `path` as in `NOTIFY_SOCKET`; a leading `@` stands for the abstract namespace. */
  constructor(path: string) {
    const address = socketAddress(path);
    const what = `notification socket ${path}`;
    this.#fd = configured(openSocket(what, AF_UNIX, SOCK_DGRAM, 0), (fd) => {
      if (libc().connect(fd, address, address.length) < 0) {
        throw new KernelError(`connect ${what}`, libc().errno());
      }
    });
  }

  /** False: nobody took it. */
  send(message: string): boolean {
    const bytes = new TextEncoder().encode(message);
    return libc().send(this.#fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
  }

  close(): void {
    closeFd(this.#fd);
  }
}

function socketAddress(path: string): Uint8Array {
  const name = new TextEncoder().encode(path);
  const isAbstract = path.startsWith('@');
  if (!(isAbstract || path.startsWith('/')) || name.length >= PATH_BYTES) {
    throw new RangeError(`NOTIFY_SOCKET is no address of a socket: ${path}`);
  }
  // The NUL at the end belongs to a path, but would be part of an abstract name.
  const address = new Uint8Array(2 + name.length + (isAbstract ? 0 : 1));
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  if (isAbstract) address[2] = 0;
  return address;
}
