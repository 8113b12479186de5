/**
 * All orders that are in force, in memory and on the disk. The disk is the copy: what it refuses is
 * told and holds until the agent ends.
 */
import { hasExpired, NO_ORDER, type Order } from './order.ts';
import { type OrderStore, OrdersUnreadable, type PreparedOrder } from './order-store.ts';

export interface OrderDraft {
  /** Why it cannot be kept on the disk. */
  readonly failure: string | undefined;
  /** Puts it in force; answers why it could not be kept. */
  commit(): Promise<string | undefined>;
  abandon(): Promise<void>;
}

export interface OrderTrouble {
  /** Null: of all instances. */
  readonly instance: string | null;
  readonly message: string;
}

export class Orders {
  readonly #store: OrderStore;
  readonly #orders = new Map<string, Order>();
  /** One write after the other for each instance. */
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(store: OrderStore) {
    this.#store = store;
  }

  /**
   * What a former run has left, without what has expired since. Where a file cannot be read nobody
   * knows whether the instance is in maintenance: it is held back, so that it serves only when
   * nobody else does.
   */
  async load(instances: readonly string[], now: number): Promise<OrderTrouble[]> {
    const since = new Date(now).toISOString();
    const holdBack = (instance: string, why: string): OrderTrouble => {
      const message = `${this.#store.fileOf(instance)}: ${why}`;
      this.#orders.set(instance, { maintenance: null, heldBack: { since, by: message } });
      return { instance, message };
    };
    try {
      const { orders, unreadable } = this.#store.load();
      for (const instance of instances) {
        const order = orders.get(instance);
        if (order !== undefined && !hasExpired(order, now)) this.#orders.set(instance, order);
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

  of(instance: string): Order {
    return this.#orders.get(instance) ?? NO_ORDER;
  }

  /** Writes it without putting it in force: what does not fit on the disk is known in advance. */
  async prepare(instance: string, order: Order): Promise<OrderDraft> {
    let prepared: PreparedOrder | undefined;
    let failure: string | undefined;
    try {
      prepared = await this.#store.prepare(instance, order);
    } catch (error) {
      failure = this.#failureOf(instance, error);
    }
    return {
      failure,
      commit: () => {
        this.#orders.set(instance, order);
        if (prepared === undefined) return Promise.resolve(failure);
        const { commit } = prepared;
        return this.#write(instance, commit);
      },
      abandon: async () => prepared?.abandon(),
    };
  }

  /** Answers why it could not be kept on the disk. */
  change(instance: string, change: Partial<Order>): Promise<string | undefined> {
    this.#orders.set(instance, { ...this.of(instance), ...change });
    return this.#write(instance, () => this.#store.save(instance, this.of(instance)));
  }

  /** Milliseconds of the epoch; undefined: nothing ends by itself. */
  nextExpiry(): number | undefined {
    const times = [...this.#orders.values()].flatMap(({ maintenance }) =>
      maintenance?.until == null ? [] : [Date.parse(maintenance.until)],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  expired(now: number): string[] {
    return [...this.#orders].filter(([, order]) => hasExpired(order, now)).map(([name]) => name);
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
