/**
 * The datagram socket that carries notifications to the service manager (sd_notify(3)). Sending is one
 * system call that never blocks, whether the manager reads or not.
 */
import { AF_UNIX, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_DGRAM } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';
import { closeFd, configured, openSocket } from '../ffi/socket.ts';

/** `sun_path` of `struct sockaddr_un` (unix(7)). */
const PATH_BYTES = 108;

export class NotifySocket {
  readonly #fd: number;

  /** `path` is the value of `NOTIFY_SOCKET`; a leading `@` stands for the abstract namespace. */
  constructor(path: string) {
    const address = socketAddress(path);
    const what = `notification socket ${path}`;
    this.#fd = configured(openSocket(what, AF_UNIX, SOCK_DGRAM, 0), (fd) => {
      if (libc().connect(fd, address, address.length) < 0) {
        throw new KernelError(`connect ${what}`, libc().errno());
      }
    });
  }

  /** Returns false if the manager did not receive the message. */
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
    throw new RangeError(`NOTIFY_SOCKET is not a socket address: ${path}`);
  }
  // A path ends with NUL; in an abstract name, NUL would be part of the name.
  const address = new Uint8Array(2 + name.length + (isAbstract ? 0 : 1));
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  if (isAbstract) address[2] = 0;
  return address;
}
