/**
 * The locks of all instances, in memory and on the disk. A lock that the disk refuses is reported and
 * holds until the agent ends.
 */
import { hasExpired, NO_LOCK, type OperatorLock } from './order.ts';
import { type OrderStore, OrdersUnreadable, type PreparedOrder } from './order-store.ts';

export interface LockDraft {
  /** Why it cannot be stored. */
  readonly failure: string | undefined;
  /** Puts it in force; resolves to why it could not be stored. */
  commit(): Promise<string | undefined>;
  abandon(): Promise<void>;
}

export interface LockTrouble {
  /** Null: all instances. */
  readonly instance: string | null;
  readonly message: string;
}

export class OperatorLocks {
  readonly #store: OrderStore;
  readonly #locks = new Map<string, OperatorLock>();
  /** The writes of an instance follow one another. */
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(store: OrderStore) {
    this.#store = store;
  }

  /**
   * Loads what a previous run left, except what has expired since. Where a file cannot be read, the
   * instance may be in maintenance: it is held back, so that it serves only when no other router does.
   */
  async load(instances: readonly string[], now: number): Promise<LockTrouble[]> {
    const since = new Date(now).toISOString();
    const holdBack = (instance: string, why: string): LockTrouble => {
      const message = `${this.#store.fileOf(instance)}: ${why}`;
      this.#locks.set(instance, { maintenance: null, heldBack: { since, by: message } });
      return { instance, message };
    };
    try {
      const { orders, unreadable } = this.#store.load();
      for (const instance of instances) {
        const lock = orders.get(instance);
        if (lock !== undefined && !hasExpired(lock, now)) this.#locks.set(instance, lock);
      }
      return [...unreadable]
        .filter(([instance]) => instances.includes(instance))
        .map(([instance, why]) => holdBack(instance, why));
    } catch (error) {
      if (!(error instanceof OrdersUnreadable)) throw error;
      for (const instance of instances) holdBack(instance, error.message);
      return [{ instance: null, message: error.message }];
    }
  }

  of(instance: string): OperatorLock {
    return this.#locks.get(instance) ?? NO_LOCK;
  }

  /** Writes it without putting it in force, so that a full disk is known in advance. */
  async prepare(instance: string, lock: OperatorLock): Promise<LockDraft> {
    let prepared: PreparedOrder | undefined;
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

  /** Resolves to why it could not be stored. */
  change(instance: string, change: Partial<OperatorLock>): Promise<string | undefined> {
    this.#locks.set(instance, { ...this.of(instance), ...change });
    return this.#write(instance, () => this.#store.save(instance, this.of(instance)));
  }

  /** Milliseconds of the epoch; undefined: nothing ends by itself. */
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
    const before = this.#writing.get(instance) ?? Promise.resolve();
    const written = before.then(write).then(
      () => undefined,
      (error: unknown) => this.#failureOf(instance, error),
    );
    this.#writing.set(instance, written);
    return written;
  }

  #failureOf(instance: string, error: unknown): string {
    const why = error instanceof Error ? error.message : String(error);
    return `${this.#store.fileOf(instance)} cannot be written: ${why}`;
  }
}
