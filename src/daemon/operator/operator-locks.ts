/**
 * The locks of all instances, in memory and on the disk. A lock that cannot be written is reported and
 * holds until the agent ends.
 */
import { SerialQueue } from '../../async/serial-queue.ts';
import type { PreparedState } from '../../kernel/files/state-file.ts';
import { hasExpired, NO_LOCK, type OperatorLock } from './operator-lock.ts';
import { LocksUnreadable, type OperatorLockStore } from './operator-lock-store.ts';

interface LockDraft {
  /** Why it cannot be written; undefined if it can. */
  readonly failure: string | undefined;
  /** Puts it in force; resolves to why it could not be written. */
  commit(): Promise<string | undefined>;
  abandon(): Promise<void>;
}

export interface LockProblem {
  /** Null: all instances. */
  readonly instance: string | null;
  readonly message: string;
}

export class OperatorLocks {
  readonly #store: OperatorLockStore;
  readonly #locks = new Map<string, OperatorLock>();
  readonly #writes = new Map<string, SerialQueue>();

  constructor(store: OperatorLockStore) {
    this.#store = store;
  }

  /**
   * Loads the locks of previous runs that have not expired. An instance whose file cannot be read may
   * be in maintenance: it is held back, and serves only while no other router does.
   */
  async load(instances: readonly string[], now: number): Promise<LockProblem[]> {
    const since = new Date(now).toISOString();
    const holdBack = (instance: string, why: string): LockProblem => {
      const message = `${this.#store.fileOf(instance)}: ${why}`;
      this.#locks.set(instance, { maintenance: null, heldBack: { since, by: message } });
      return { instance, message };
    };
    try {
      const { locks, unreadable } = this.#store.load();
      for (const instance of instances) {
        const lock = locks.get(instance);
        if (lock !== undefined && !hasExpired(lock, now)) this.#locks.set(instance, lock);
      }
      return [...unreadable]
        .filter(([instance]) => instances.includes(instance))
        .map(([instance, why]) => holdBack(instance, why));
    } catch (error) {
      if (!(error instanceof LocksUnreadable)) throw error;
      for (const instance of instances) holdBack(instance, error.message);
      return [{ instance: null, message: error.message }];
    }
  }

  of(instance: string): OperatorLock {
    return this.#locks.get(instance) ?? NO_LOCK;
  }

  /** Writes a draft without putting it in force, so that a full disk is found in advance. */
  async prepare(instance: string, lock: OperatorLock): Promise<LockDraft> {
    let prepared: PreparedState | undefined;
    let failure: string | undefined;
    try {
      prepared = await this.#store.prepare(instance, lock);
    } catch (error) {
      failure = this.#failureOf(instance, error);
    }
    return {
      failure,
      commit: () => {
        this.#locks.set(instance, lock);
        if (prepared === undefined) return Promise.resolve(failure);
        const { commit } = prepared;
        return this.#write(instance, commit);
      },
      abandon: async () => prepared?.abandon(),
    };
  }

  /** The same for a part of the lock. What another request has changed in between stays. */
  async prepareChange(instance: string, change: Partial<OperatorLock>): Promise<LockDraft> {
    const before = this.of(instance);
    const draft = await this.prepare(instance, { ...before, ...change });
    const commit = async () => {
      if (this.of(instance) === before) return draft.commit();
      await draft.abandon();
      return this.change(instance, change);
    };
    return { ...draft, commit };
  }

  /** Resolves to why it could not be written. */
  change(instance: string, change: Partial<OperatorLock>): Promise<string | undefined> {
    this.#locks.set(instance, { ...this.of(instance), ...change });
    return this.#write(instance, () => this.#store.save(instance, this.of(instance)));
  }

  /** Milliseconds since the epoch; undefined: no lock expires. */
  nextExpiry(): number | undefined {
    const times = [...this.#locks.values()].flatMap(({ maintenance }) =>
      maintenance?.until == null ? [] : [Date.parse(maintenance.until)],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  expired(now: number): string[] {
    return [...this.#locks].filter(([, lock]) => hasExpired(lock, now)).map(([name]) => name);
  }

  #write(instance: string, write: () => Promise<void>): Promise<string | undefined> {
    const queue = this.#writes.get(instance) ?? new SerialQueue();
    this.#writes.set(instance, queue);
    return queue.run(write).then(
      () => undefined,
      (error: unknown) => this.#failureOf(instance, error),
    );
  }

  #failureOf(instance: string, error: unknown): string {
    const why = error instanceof Error ? error.message : String(error);
    return `${this.#store.fileOf(instance)} cannot be written: ${why}`;
  }
}
