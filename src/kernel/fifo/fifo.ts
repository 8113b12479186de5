/** A named pipe that the agent writes to: made when it is missing, never waited for. */

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { at } from '../../net/assert.ts';
import { EEXIST } from '../../net/errno.ts';
import { FIONREAD } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';

/** For reading as well: the lines outlive a reader that restarts, and no write fails for want of one. */
const FLAGS = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW;

const OWNER_ONLY = 0o600;

export class Fifo {
  readonly #fd: number;

  /** Throws a `KernelError`, or the error of `node:fs`, when there is and can be no pipe. */
  constructor(path: string) {
    if (libc().mkfifo(path, OWNER_ONLY) < 0) {
      const errno = libc().errno();
      if (errno !== EEXIST) throw new KernelError(`make the named pipe ${path}`, errno);
    }
    this.#fd = openSync(path, FLAGS);
    if (fstatSync(this.#fd).isFIFO()) return;
    closeSync(this.#fd);
    throw new Error(`${path} is no named pipe`);
  }

  /** False: the pipe is full. A line shorter than PIPE_BUF goes as a whole (pipe(7)). */
  write(line: string): boolean {
    try {
      writeSync(this.#fd, line);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
      throw error;
    }
  }

  /** Bytes that nobody has read. */
  unread(): number {
    const count = new Int32Array(1);
    if (libc().ioctl(this.#fd, FIONREAD, count) < 0) {
      throw new KernelError('count what is in the pipe', libc().errno());
    }
    return at(count, 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
