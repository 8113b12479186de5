/**
 * The file with the masterships of this process (`protocol/engine/masterships.ts`): the protocol thread
 * stores into it as into memory, and the next process reads what one that has died had. One file for
 * each network namespace; the one agent there is the only writer.
 */
import { closeSync, constants, fstatSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { Clock } from '../kernel/clock/clock.ts';
import { bootId, namespaceNumber } from '../kernel/process/boot.ts';
import { isInMemory } from '../kernel/shared-memory/shared-memory.ts';
import { hashOf } from '../net/hash.ts';
import { type Instant, instant } from '../net/time.ts';
import { type FormerMastership, formerMasterships } from '../protocol/engine/masterships.ts';
import { FILE_BYTES, HEADER_LENGTH } from '../protocol/thread/masterships-file.ts';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

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
      this.#path = path;
      const header = [FORMAT, hashOf(boot)];
      const values = this.#read(path, header);
      if (values === undefined) this.#write(path, header);
      return { former: values === undefined ? [] : formerMasterships(values), now };
    } catch (error) {
      this.close();
      const why = error instanceof Error ? error.message : String(error);
      logger.warn({ code: 'no-resume' }, `an agent that dies cannot resume as MASTER: ${why}`);
      return NOTHING;
    }
  }

  /** The rows; undefined if the file is of another boot, format or length. */
  #read(path: string, header: readonly number[]): Float64Array | undefined {
    this.#fd = openOwn(path, O_CREAT);
    const values = new Float64Array(FILE_BYTES / 8);
    const bytes = new Uint8Array(values.buffer);
    const isComplete =
      fstatSync(this.#fd).size === FILE_BYTES &&
      readSync(this.#fd, bytes, 0, FILE_BYTES, 0) === FILE_BYTES;
    const isKnown = isComplete && header.every((one, place) => values[place] === one);
    return isKnown ? values.subarray(HEADER_LENGTH) : undefined;
  }

  /**
   * A new file: a process of another version, from which this one takes over, may have mapped the other
   * one, and would end at a store beyond the new length.
   */
  #write(path: string, header: readonly number[]): void {
    this.close();
    rmSync(path, { force: true });
    this.#fd = openOwn(path, O_CREAT | O_EXCL);
    const values = new Float64Array(FILE_BYTES / 8);
    values.set(header);
    const bytes = new Uint8Array(values.buffer);
    // Every page is written: a store to a page that a full file system cannot provide would end the process.
    if (writeSync(this.#fd, bytes, 0, FILE_BYTES, 0) !== FILE_BYTES) {
      throw new Error('no space is left');
    }
  }

  /** The protocol thread has mapped it. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /**
   * Before this process resigns for a protocol thread that has failed, and at a clean end. Never throws:
   * what follows is the release of the VIPs.
   */
  forget(): void {
    if (this.#path === undefined) return;
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // The next process may continue for a moment what this one resigns; its peers end that.
    }
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
function openOwn(path: string, how: number): number {
  const fd = openSync(path, O_RDWR | O_NOFOLLOW | how, 0o600);
  const { uid, mode } = fstatSync(fd);
  const isOwn = uid === process.geteuid?.() && (mode & WRITABLE_BY_OTHERS) === 0;
  if (isOwn && fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${path} belongs to another user, or others can write to it`);
}

/** Beside the control socket, in the usual place, or where every host has a file system in memory. */
export function mastershipDirectories(socket: string): string[] {
  return [...new Set([dirname(socket), '/run/vrrp-agent', '/dev/shm'])];
}
