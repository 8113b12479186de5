/** Operator locks on the disk, one file for each instance. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  discardDrafts,
  type PreparedState,
  StateFile,
  StateUnreadable,
} from '../../kernel/files/state-file.ts';
import { failure, success } from '../../net/result.ts';
import {
  decodeOperatorLock,
  encodeOperatorLock,
  isEmpty,
  type OperatorLock,
} from './operator-lock.ts';

interface LoadedLocks {
  readonly locks: ReadonlyMap<string, OperatorLock>;
  /** Instances whose file cannot be read, and why. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** The directory cannot be read. */
export class LocksUnreadable extends Error {
  override readonly name = 'LocksUnreadable';
  readonly code = 'state-unreadable';
}

const SUFFIX = '.json';

/** World-readable: who has put an instance into maintenance, and why, is no secret. */
const MODE = 0o644;

export class OperatorLockStore {
  readonly #directory: string;
  readonly #files = new Map<string, StateFile<OperatorLock>>();

  /** Creates `stateDirectory` with the first lock if it does not exist. */
  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'instances');
  }

  fileOf(instance: string): string {
    return this.#file(instance).path;
  }

  /** Throws `LocksUnreadable`. */
  load(): LoadedLocks {
    const locks = new Map<string, OperatorLock>();
    const unreadable = new Map<string, string>();
    for (const instance of this.#instances()) {
      try {
        const lock = this.#file(instance).load();
        if (lock !== undefined) locks.set(instance, lock);
      } catch (error) {
        if (!(error instanceof StateUnreadable)) throw error;
        unreadable.set(instance, error.message);
      }
    }
    return { locks, unreadable };
  }

  /** Rejects if space or permission is missing, so that `commit` does not. */
  prepare(instance: string, lock: OperatorLock): Promise<PreparedState> {
    return this.#file(instance).prepare(lock);
  }

  /** An empty lock has no file. */
  save(instance: string, lock: OperatorLock): Promise<void> {
    const file = this.#file(instance);
    return isEmpty(lock) ? file.remove() : file.save(lock);
  }

  #file(instance: string): StateFile<OperatorLock> {
    const known = this.#files.get(instance);
    if (known !== undefined) return known;
    const path = join(this.#directory, `${instance}${SUFFIX}`);
    const file = new StateFile<OperatorLock>(
      path,
      {
        encode: (lock) => encodeOperatorLock(instance, lock),
        decode: (text) => {
          const lock = decodeOperatorLock(text);
          return lock === undefined ? failure('it is damaged') : success(lock);
        },
      },
      MODE,
    );
    this.#files.set(instance, file);
    return file;
  }

  #instances(): string[] {
    try {
      discardDrafts(this.#directory);
      return readdirSync(this.#directory)
        .filter((file) => file.endsWith(SUFFIX))
        .map((file) => file.slice(0, -SUFFIX.length));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if ('code' in error && error.code === 'ENOENT') return [];
      throw new LocksUnreadable(error.message);
    }
  }
}
