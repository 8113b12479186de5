/** Named pipes in place of files: full ones, and ones without a writer. */
import { closeSync, constants, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { run } from '../command.ts';

/** A page: a writer that does not block writes as many bytes at once or none (pipe(7)). */
const CHUNK = 4_096;

/** In place of what is there. */
export async function makeFifo(path: string): Promise<void> {
  const fresh = `${path}.new`;
  await run('mkfifo', [fresh]);
  renameSync(fresh, path);
}

export function replaceByFile(path: string, text: string): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, text);
  renameSync(fresh, path);
}

/** Until it takes not even a byte. It has a reader, which does not read. */
export function fillPipe(path: string): void {
  const pipe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (const size of [CHUNK, 1]) while (writes(pipe, Buffer.alloc(size, '\n')));
  } finally {
    closeSync(pipe);
  }
}

function writes(pipe: number, bytes: Buffer): boolean {
  try {
    writeSync(pipe, bytes);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
    throw error;
  }
}

/** False: nothing has opened the pipe for reading yet. */
export function hasReader(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return false;
    throw error;
  }
}
