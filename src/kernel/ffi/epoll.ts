/**
 * A set of descriptors watched for readability (epoll(7), level-triggered). Adding an invalid or
 * duplicate descriptor is an ordinary error, and an error condition counts as readable.
 *
 * `struct epoll_event` is packed on x86-64 only:
 *
 *      0           4           8          12          16
 *     +-----------+-----------+-----------+
 *     |  events   |    fd     |     0     |              x86-64
 *     +-----------+-----------+-----------+-----------+
 *     |  events   |  padding  |    fd     |     0     |  others
 *     +-----------+-----------+-----------+-----------+
 */
import { at } from '../../net/assert.ts';
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLLIN } from './constants.ts';
import { KernelError } from './kernel-error.ts';
import { type Libc, libc, loadKoffi } from './libc.ts';
import { addressOf } from './memory.ts';

const EVENT_WORDS = process.arch === 'x64' ? 3 : 4;
const FD_WORD = process.arch === 'x64' ? 1 : 2;

/** The most descriptors that one `wait` reports. */
export const EPOLL_BATCH = 64;

export interface EpollWatch {
  close(): void;
}

export class Epoll {
  /** Readable when any member is; may itself be a member of another set. */
  readonly fd: number;
  readonly #libc: Libc = libc();
  readonly #events = new Int32Array(EVENT_WORDS * EPOLL_BATCH);
  readonly #eventsAddress = addressOf(this.#events);
  readonly #one = new Int32Array(EVENT_WORDS);

  constructor() {
    this.fd = this.#libc.epoll_create1(EPOLL_CLOEXEC);
    if (this.fd < 0) throw new KernelError('create epoll set', this.#libc.errno());
  }

  add(fd: number): void {
    this.#one[0] = EPOLLIN;
    this.#one[FD_WORD] = fd;
    const event = new Uint8Array(this.#one.buffer);
    if (this.#libc.epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, event) < 0) {
      throw new KernelError(`watch descriptor ${fd}`, this.#libc.errno());
    }
  }

  /** Before the descriptor is closed; one that is not a member is ignored. */
  remove(fd: number): void {
    this.#libc.epoll_ctl(this.fd, EPOLL_CTL_DEL, fd, new Uint8Array(this.#one.buffer));
  }

  /** Returns how many members are readable now, at most `EPOLL_BATCH`; never blocks. */
  poll(): number {
    return this.wait(0);
  }

  /** Like `poll`, but waits for a member to become readable; a signal ends the wait early. */
  wait(milliseconds: number): number {
    const { fd } = this;
    return Math.max(0, this.#libc.epoll_wait(fd, this.#eventsAddress, EPOLL_BATCH, milliseconds));
  }

  /** The descriptor at `position` among those that the last `poll` or `wait` has counted. */
  readableAt(position: number): number {
    return at(this.#events, position * EVENT_WORDS + FD_WORD);
  }

  /**
   * Calls back from Node's event loop whenever a member is readable, until the watch is closed. koffi
   * ends the process on an invalid or duplicate descriptor, and stops at the first error condition:
   * neither can happen to an epoll descriptor.
   */
  watch(onReadable: () => void): EpollWatch {
    return loadKoffi().node.poll(this.fd, { readable: true }, () => onReadable());
  }

  close(): void {
    this.#libc.close(this.fd);
  }
}
