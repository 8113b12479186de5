/**
 * The file with the masterships of this process (`protocol/engine/masterships.ts`): the protocol thread
 * stores into it as into memory, and the next process reads what one that has died had. One file for
 * each network namespace; the one agent there is the only writer.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { Clock } from '../kernel/clock/clock.ts';
import { bootId, namespaceNumber } from '../kernel/process/boot.ts';
import { isInMemory } from '../kernel/shared-memory/shared-memory.ts';
import { hashOf } from '../net/hash.ts';
import { type Instant, instant } from '../net/time.ts';
import { type FormerMastership, formerMasterships } from '../protocol/engine/masterships.ts';
import { FILE_BYTES, HEADER_LENGTH } from '../protocol/thread/masterships-file.ts';

const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;

const FORMAT = 0x56_52_52_50_01;

const WRITABLE_BY_OTHERS = 0o022;

interface MastershipMemoryOptions {
  /** The first one that is in memory is used. */
  readonly directories: readonly string[];
  readonly logger: Logger;
  readonly boot?: string;
}

/** What the former process has left, and the time by which it is judged. */
export interface FoundMasterships {
  readonly former: readonly FormerMastership[];
  readonly now: Instant;
}

const NOTHING: FoundMasterships = { former: [], now: instant(0) };

export class MastershipMemory {
  readonly #options: MastershipMemoryOptions;
  #path: string | undefined;
  #fd: number | undefined;

  constructor(options: MastershipMemoryOptions) {
    this.#options = options;
  }

  /** For the protocol thread to map; undefined: a process that dies is started as BACKUP. */
  get fd(): number | undefined {
    return this.#fd;
  }

  /** Opens the file and reads what is there. Failures are logged: the agent works without it. */
  open(): FoundMasterships {
    const { directories, logger, boot = bootId() } = this.#options;
    try {
      const directory = directories.find(isInMemory);
      if (directory === undefined) {
        throw new Error(`none of these is in memory (tmpfs): ${directories.join(', ')}`);
      }
      const now = bootTime();
      const path = join(directory, `vrrp-agent-masterships-${namespaceNumber()}`);
      const fd = openOwn(path);
      [this.#path, this.#fd] = [path, fd];
      const values = valuesIn(fd, [FORMAT, hashOf(boot)]);
      return { former: formerMasterships(values.subarray(HEADER_LENGTH)), now };
    } catch (error) {
      this.close();
      const why = error instanceof Error ? error.message : String(error);
      logger.warn({ code: 'no-resume' }, `an agent that dies cannot resume as MASTER: ${why}`);
      return NOTHING;
    }
  }

  /** The protocol thread has mapped it. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Before this process resigns for a protocol thread that has failed, and at a clean end. */
  forget(): void {
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }
}

/** On CLOCK_BOOTTIME, which counts while the host is suspended. */
function bootTime(): Instant {
  const clock = new Clock();
  try {
    if (clock.source !== 'boottime') throw new Error('the kernel has no timer on CLOCK_BOOTTIME');
    return clock.now();
  } finally {
    clock.close();
  }
}

/** Another user may have created it in a directory that all can write to. */
function openOwn(path: string): number {
  const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  const { uid, mode } = fstatSync(fd);
  const isOwn = uid === process.geteuid?.() && (mode & WRITABLE_BY_OTHERS) === 0;
  if (isOwn && fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${path} belongs to another user, or others can write to it`);
}

/** The content, or zeros if it is of another boot, format or length: then the file is written again. */
function valuesIn(fd: number, header: readonly number[]): Float64Array {
  const values = new Float64Array(FILE_BYTES / 8);
  const bytes = new Uint8Array(values.buffer);
  const isComplete =
    fstatSync(fd).size === FILE_BYTES && readSync(fd, bytes, 0, FILE_BYTES, 0) === FILE_BYTES;
  if (isComplete && header.every((one, place) => values[place] === one)) return values;
  values.fill(0);
  values.set(header);
  // Every page is written: a store to a page that a full file system cannot provide would end the process.
  ftruncateSync(fd, FILE_BYTES);
  if (writeSync(fd, bytes, 0, FILE_BYTES, 0) !== FILE_BYTES) throw new Error('no space is left');
  return values;
}

/** Beside the control socket, in the usual place, or where every host has a file system in memory. */
export function mastershipDirectories(socket: string): string[] {
  return [...new Set([dirname(socket), '/run/vrrp-agent', '/dev/shm'])];
}
