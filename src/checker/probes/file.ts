/**
 * Checks whether a file exists, or reads a number from it. inotify(7) on its directory reports that the
 * file was created, replaced, written or removed; runs at the interval find what inotify misses.
 */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { readStartAside } from '../../files/regular-file.ts';
import type { ProbeOutcome } from '../../net/probe.ts';
import { couldNotLook, isLocalError, type Probe, passed, reasonOf } from './probe.ts';

export type FileReads = 'present' | 'absent' | 'number';

/** Enough for a number and some white space. */
const BYTES_MAX = 64;

/** Priorities are clamped to this range anyway. */
const NUMBER_MAX = 254;

export class FileProbe implements Probe {
  readonly #path: string;
  readonly #reads: FileReads;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;
  /** The last valid number: a file that is just being written may be empty. */
  #number: number | undefined;

  /** `onChange` asks for another run. `last`: the number that a former process found; undefined: none. */
  constructor(path: string, reads: FileReads, onChange: () => void, last?: number) {
    this.#path = path;
    this.#reads = reads;
    this.#onChange = onChange;
    this.#number = last;
  }

  async run(): Promise<ProbeOutcome> {
    this.#watch();
    return this.#reads === 'number'
      ? await this.#readNumber()
      : await this.#checkPresence(this.#reads);
  }

  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  async #checkPresence(reads: 'present' | 'absent'): Promise<ProbeOutcome> {
    const found = await presence(this.#path);
    if (typeof found === 'string' && isLocalError(found)) return couldNotLook(found);
    const detail = typeof found === 'string' ? found : found ? 'the file exists' : 'no such file';
    // An unknown presence matches neither expectation: the probe fails.
    return { passed: found === (reads === 'present'), detail };
  }

  async #readNumber(): Promise<ProbeOutcome> {
    const { text, reason } = await contents(this.#path);
    if (reason === 'ENOENT') return this.#pass(0, 'no such file: 0');
    const number = text === undefined ? undefined : parseNumber(text);
    if (number !== undefined) return this.#pass(number, `${number}`);
    const kept = this.#number ?? 0;
    const why =
      text === undefined
        ? `cannot be read: ${reason}`
        : `not a whole number: ${JSON.stringify(text.slice(0, 20))}`;
    return this.#pass(kept, `${why}; keeping ${kept}`);
  }

  #pass(number: number, detail: string): ProbeOutcome {
    this.#number = number;
    return { ...passed(detail), value: number };
  }

  /** Each run tries again: the directory may not exist yet, or may have been replaced. */
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

/** Clamped to the range of priorities; undefined if it is not a whole number. */
export function parseNumber(text: string): number | undefined {
  const digits = /^\s*([+-]?[0-9]{1,9})\s*$/.exec(text)?.[1];
  if (digits === undefined) return undefined;
  return Math.max(-NUMBER_MAX, Math.min(NUMBER_MAX, Number(digits)));
}

/** A string says why the presence is unknown. */
async function presence(path: string): Promise<boolean | string> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const reason = reasonOf(error);
    return reason === 'ENOENT' || reason === 'ENOTDIR' ? false : reason;
  }
}

type Contents =
  | { readonly text: string; readonly reason?: undefined }
  | { readonly text?: undefined; readonly reason: string };

async function contents(path: string): Promise<Contents> {
  try {
    return { text: (await readStartAside(path, BYTES_MAX)).toString('latin1') };
  } catch (error) {
    const reason = reasonOf(error);
    if (isLocalError(reason)) throw error;
    return { reason };
  }
}
