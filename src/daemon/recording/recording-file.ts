/**
 * The files of a recording: FILE, which grows, and FILE.1, the previous one. Any other file at these
 * paths is neither overwritten nor moved.
 */
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises';
import { readStart } from '../../files/regular-file.ts';

/** What every file of a recording begins with. */
export const SIGNATURE = '{"recording":';

export class RecordingFileError extends Error {
  override readonly name = 'RecordingFileError';
  /** `moved`: another process now records there. */
  readonly code: 'foreign' | 'moved';

  constructor(code: RecordingFileError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export class RecordingFile {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #size = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  /** Bytes of FILE. */
  get size(): number {
    return this.#size;
  }

  /** Renames FILE to FILE.1, which replaces the previous one, and begins a new FILE. */
  async next(): Promise<void> {
    const [path, former] = [this.#path, `${this.#path}.1`];
    if (this.#handle !== undefined && !(await this.#isInPlace())) {
      await this.close();
      throw new RecordingFileError('moved', `${path} is now the recording of another process`);
    }
    const found = await isRecording(path);
    await isRecording(former);
    await this.close();
    if (found === 'empty') await rm(path);
    else if (found) await rename(path, former);
    // `x`: no symbolic link is followed. `a`: a line goes to the end, also after a truncation.
    this.#handle = await open(path, 'ax', 0o600);
    this.#size = 0;
  }

  /** Appends all of the text or nothing. */
  async append(text: string): Promise<void> {
    if (this.#handle === undefined) throw new TypeError('no file is open');
    try {
      await this.#handle.appendFile(text);
      this.#size += Buffer.byteLength(text);
    } catch (error) {
      await this.#handle.truncate(this.#size).catch(() => {});
      throw error;
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  /** False: it was moved or removed. */
  async #isInPlace(): Promise<boolean> {
    const own = await this.#handle?.stat();
    const found = await lstatOf(this.#path);
    return own !== undefined && found !== undefined && own.ino === found.ino;
  }
}

async function lstatOf(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** False: there is no file. Throws `RecordingFileError` if anything else is at the path. */
async function isRecording(path: string): Promise<boolean | 'empty'> {
  const found = await lstatOf(path);
  if (found === undefined) return false;
  if (found.isFile() && found.size === 0) return 'empty';
  if (found.isFile() && beginsWith(path, SIGNATURE)) return true;
  throw new RecordingFileError('foreign', `${path} exists and is not a recording`);
}

function beginsWith(path: string, text: string): boolean {
  return readStart(path, text.length).toString('latin1') === text;
}
