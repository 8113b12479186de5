/** A named pipe that the agent writes to. It is created when missing; writing never blocks. */

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { at } from '../../net/assert.ts';
import { EEXIST } from '../../net/errno.ts';
import { FIONREAD } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';

/** Open for reading too: lines survive a restart of the reader, and writes succeed without a reader. */
const FLAGS = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW;

const OWNER_ONLY = 0o600;

export class Fifo {
  readonly #fd: number;

  /** Throws a `KernelError`, or an error of `node:fs`, when the pipe cannot be created or opened. */
  constructor(path: string) {
    if (libc().mkfifo(path, OWNER_ONLY) < 0) {
      const errno = libc().errno();
      if (errno !== EEXIST) throw new KernelError(`create the named pipe ${path}`, errno);
    }
    this.#fd = openSync(path, FLAGS);
    if (fstatSync(this.#fd).isFIFO()) return;
    closeSync(this.#fd);
    throw new Error(`${path} is not a named pipe`);
  }

  /** Returns false if the pipe is full. Lines shorter than PIPE_BUF are never split (pipe(7)). */
  write(line: string): boolean {
    try {
      writeSync(this.#fd, line);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
      throw error;
    }
  }

  /** The number of unread bytes. */
  unread(): number {
    const count = new Int32Array(1);
    if (libc().ioctl(this.#fd, FIONREAD, count) < 0) {
      throw new KernelError('count unread bytes of the pipe', libc().errno());
    }
    return at(count, 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
