/**
 * A file: whether it is there, or the number that it holds. inotify(7) on its directory tells of a
 * file that is made, replaced, written or removed; a look now and then finds what it cannot tell.
 */
import { type FSWatcher, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { ProbeOutcome } from '../../net/probe.ts';
import { type Probe, passed, reasonOf } from './probe.ts';

export type FileReads = 'present' | 'absent' | 'number';

/** Room for a number and some white space. */
const BYTES_MAX = 64;

/** More would be lost in the clamp of priorities all the same. */
const NUMBER_MAX = 254;

export class FileProbe implements Probe {
  readonly #path: string;
  readonly #reads: FileReads;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;
  /** The newest number that could be read: a file that is being written may be empty. */
  #number: number | undefined;

  /** `onChange`: another look is worth while. */
  constructor(path: string, reads: FileReads, onChange: () => void) {
    this.#path = path;
    this.#reads = reads;
    this.#onChange = onChange;
  }

  async run(): Promise<ProbeOutcome> {
    this.#watch();
    return this.#reads === 'number' ? await this.#readNumber() : await this.#look(this.#reads);
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #look(reads: 'present' | 'absent'): Promise<ProbeOutcome> {
    const found = await presence(this.#path);
    const detail = typeof found === 'string' ? found : found ? 'it is there' : 'it is not there';
    // What cannot be looked at is neither there nor not there: it is no reason to be up.
    return { passed: found === (reads === 'present'), detail };
  }

  async #readNumber(): Promise<ProbeOutcome> {
    const text = await contents(this.#path);
    if (text === undefined) return this.#take(0, 'it is not there: 0');
    const number = parseNumber(text);
    if (number !== undefined) return this.#take(number, `${number}`);
    const kept = this.#number ?? 0;
    return this.#take(
      kept,
      `no whole number: ${JSON.stringify(text.slice(0, 20))}; ${kept} counts`,
    );
  }

  #take(number: number, detail: string): ProbeOutcome {
    this.#number = number;
    return { ...passed(detail), value: number };
  }

  /** The directory may not be there yet, or be another one than before. */
  #watch(): void {
    if (this.#watcher !== undefined) return;
    const name = basename(this.#path);
    try {
      const watcher = watch(dirname(this.#path), { persistent: false }, (_, changed) => {
        if (changed === null || changed === name) this.#onChange();
      });
      watcher.on('error', () => this.close());
      this.#watcher = watcher;
    } catch (error) {
      reasonOf(error);
    }
  }
}

/** Clamped to what can matter; undefined: no whole number. */
export function parseNumber(text: string): number | undefined {
  const digits = /^\s*([+-]?[0-9]{1,9})\s*$/.exec(text)?.[1];
  if (digits === undefined) return undefined;
  return Math.max(-NUMBER_MAX, Math.min(NUMBER_MAX, Number(digits)));
}

/** A text says why it cannot be told. */
async function presence(path: string): Promise<boolean | string> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const reason = reasonOf(error);
    return reason === 'ENOENT' || reason === 'ENOTDIR' ? false : reason;
  }
}

/** Undefined: it is not there. What cannot be read is an empty text. */
async function contents(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(BYTES_MAX);
      const { bytesRead } = await file.read(buffer, 0, BYTES_MAX, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    return reasonOf(error) === 'ENOENT' ? undefined : '';
  }
}
