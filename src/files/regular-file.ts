/**
 * The one way to read a small file that another user may own or replace: a named pipe would block the
 * reader for ever, a link to /dev/zero would fill its memory, and opening a device may already do harm.
 * The path is opened as a place (O_PATH), which has no effect on what is there; only a regular file is
 * opened for reading, through that place, and no more than a bound is read.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/** <asm-generic/fcntl.h>; the same on every platform that Node supports on Linux. */
const O_PATH = 0o10000000;

const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

const CHUNK = 65_536;

const PART = 1024 * 1024;

/** More than any /etc/passwd has. */
export const PASSWD_BYTES_MAX = 16 * 1024 * 1024;

/** The path leads to something that is not read. */
class NotRegularFile extends Error {
  override readonly name = 'NotRegularFile';
  readonly code = 'not-a-regular-file';
}

/** The first `maximum` bytes. Throws `NotRegularFile`, or an error of `node:fs`. Does not block. */
export function readStart(path: string, maximum: number): Buffer {
  return withFile(path, (file, size) => readUpTo(file, maximum, size));
}

/**
 * The same bytes in parts, through one buffer: each part is valid only until `take` returns. For large
 * files, which would stay in memory until the next collection of garbage.
 */
export function readParts(path: string, maximum: number, take: (part: Buffer) => void): void {
  withFile(path, (file) => {
    const buffer = Buffer.allocUnsafe(PART);
    for (let total = 0; total < maximum; ) {
      const length = readSync(file, buffer, 0, Math.min(PART, maximum - total), null);
      if (length === 0) return;
      take(buffer.subarray(0, length));
      total += length;
    }
  });
}

function withFile<Value>(path: string, use: (file: number, size: number) => Value): Value {
  const place = openSync(path, O_PATH);
  try {
    const stats = fstatSync(place);
    assertRegular(path, stats);
    const file = openSync(`/proc/self/fd/${place}`, READ);
    try {
      return use(file, stats.size);
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(place);
  }
}

/** `readStart` in the thread pool, for files that may be on a network file system. */
export async function readStartAside(path: string, maximum: number): Promise<Buffer> {
  const place = await open(path, O_PATH);
  try {
    assertRegular(path, await place.stat());
    const file = await open(`/proc/self/fd/${place.fd}`, READ);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(maximum), 0, maximum, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } finally {
    await place.close();
  }
}

function assertRegular(path: string, stats: Stats): void {
  if (!stats.isFile()) throw new NotRegularFile(`${path} is not a regular file`);
}

/** The files of /proc have no size, and others grow: they are read to their end. */
function readUpTo(file: number, maximum: number, size: number): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; total < maximum; ) {
    const wanted = total < size ? size - total : CHUNK;
    const chunk = Buffer.alloc(Math.min(wanted, maximum - total));
    const length = readSync(file, chunk, 0, chunk.length, null);
    if (length === 0) break;
    chunks.push(chunk.subarray(0, length));
    total += length;
  }
  return Buffer.concat(chunks);
}
