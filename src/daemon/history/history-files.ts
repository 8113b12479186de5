/**
 * The files that the history is appended to (`history/files.ts`). What is written is only ever added: a
 * part of a line that a full disk has left is closed by the next write and counts as damaged.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readStartAside } from '../../files/regular-file.ts';
import { FILE_BYTES, FILES_MAX, fileName } from '../../history/files.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;

/** Operators may read it (`control.group`). */
const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;

const NEWLINE = 10;

export interface FoundHistory {
  /** Text of the latest file; empty if there is none. */
  readonly text: string;
  /** Its last sign of life, in milliseconds since 1970; undefined: there is no file. */
  readonly alive: number | undefined;
}

export interface HistoryFilesOptions {
  readonly directory: string;
  /** Undefined: the group of the process. */
  readonly gid: number | undefined;
  readonly fileBytes?: number;
}

export class HistoryFiles {
  readonly #options: HistoryFilesOptions;
  #handle: FileHandle | undefined;
  #number = 0;
  #size = 0;
  /** The file ends within a line. */
  #isTorn = false;

  constructor(options: HistoryFilesOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  get isFull(): boolean {
    return this.#size >= (this.#options.fileBytes ?? FILE_BYTES);
  }

  /** Opens the latest file, or the first one, and says what it has. */
  async open(): Promise<FoundHistory> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    await this.#give(directory);
    const number = (await this.#numbers()).at(-1);
    if (number === undefined) {
      await this.#openFile(1);
      return { text: '', alive: undefined };
    }
    const found = await readStartAside(this.#path(number), 4 * FILE_BYTES);
    await this.#openFile(number);
    const stats = await this.#handle?.stat();
    this.#isTorn = found.length > 0 && found[found.length - 1] !== NEWLINE;
    return { text: found.toString('utf8'), alive: stats?.mtimeMs };
  }

  /** Begins the next file, and removes the oldest ones. */
  async next(): Promise<void> {
    await this.#openFile(this.#number + 1);
    const numbers = await this.#numbers();
    for (const number of numbers.slice(0, -FILES_MAX))
      await rm(this.#path(number), { force: true });
  }

  /** Writes whole lines. If it rejects, a part of them may be in the file. */
  async append(text: string): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) throw new TypeError('no file is open');
    const whole = this.#isTorn ? `\n${text}` : text;
    this.#isTorn = true;
    await handle.appendFile(whole);
    this.#isTorn = false;
    this.#size += Buffer.byteLength(whole);
  }

  /** After it, what has been written outlives a power failure. */
  async sync(): Promise<void> {
    await this.#handle?.datasync();
  }

  /** Leaves a sign of life: the time of modification. False: the file was removed or moved. */
  async touch(now: Date): Promise<boolean> {
    await this.#handle?.utimes(now, now);
    return ((await this.#handle?.stat())?.nlink ?? 0) > 0;
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #openFile(number: number): Promise<void> {
    await this.close();
    const how = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW;
    const handle = await open(this.#path(number), how, FILE_MODE);
    this.#handle = handle;
    this.#number = number;
    this.#size = (await handle.stat()).size;
    this.#isTorn = false;
    await this.#give(this.#path(number));
  }

  /** Without the permission for it, root alone reads the history. */
  async #give(path: string): Promise<void> {
    const { gid } = this.#options;
    if (gid === undefined) return;
    const place = await open(path, constants.O_RDONLY | O_NOFOLLOW);
    await place.chown(process.geteuid?.() ?? 0, gid).catch(() => {});
    await place.close();
  }

  async #numbers(): Promise<number[]> {
    const names = await readdir(this.#options.directory);
    return names
      .flatMap((name) => /^([0-9]{8})\.jsonl$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  #path(number: number): string {
    return join(this.#options.directory, fileName(number));
  }
}
