/** Orders on the disk, one file for each instance. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  discardDrafts,
  type PreparedState,
  StateFile,
  StateUnreadable,
} from '../../kernel/files/state-file.ts';
import { failure, success } from '../../net/result.ts';
import { decodeOperatorLock, encodeOperatorLock, isEmpty, type OperatorLock } from './order.ts';

export type PreparedOrder = PreparedState;

export interface LoadedOrders {
  readonly orders: ReadonlyMap<string, OperatorLock>;
  /** Instances about which there is a file that cannot be read, and why. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Nothing at all can be read. */
export class OrdersUnreadable extends Error {
  override readonly name = 'OrdersUnreadable';
  readonly code = 'state-unreadable';
}

const SUFFIX = '.json';

/** Anyone may see who has put an instance into maintenance, and why. */
const MODE = 0o644;

export class OrderStore {
  readonly #directory: string;
  readonly #files = new Map<string, StateFile<OperatorLock>>();

  /** `stateDirectory` need not be there: it is made when there is something to be kept. */
  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'instances');
  }

  fileOf(instance: string): string {
    return this.#file(instance).path;
  }

  /** Throws `OrdersUnreadable`. */
  load(): LoadedOrders {
    const orders = new Map<string, OperatorLock>();
    const unreadable = new Map<string, string>();
    for (const instance of this.#instances()) {
      try {
        const order = this.#file(instance).load();
        if (order !== undefined) orders.set(instance, order);
      } catch (error) {
        if (!(error instanceof StateUnreadable)) throw error;
        unreadable.set(instance, error.message);
      }
    }
    return { orders, unreadable };
  }

  /** Whatever can go wrong for want of space or permission goes wrong here. */
  prepare(instance: string, order: OperatorLock): Promise<PreparedOrder> {
    return this.#file(instance).prepare(order);
  }

  /** An empty order is no file. */
  save(instance: string, order: OperatorLock): Promise<void> {
    const file = this.#file(instance);
    return isEmpty(order) ? file.remove() : file.save(order);
  }

  #file(instance: string): StateFile<OperatorLock> {
    const known = this.#files.get(instance);
    if (known !== undefined) return known;
    const path = join(this.#directory, `${instance}${SUFFIX}`);
    const file = new StateFile<OperatorLock>(
      path,
      {
        encode: (order) => encodeOperatorLock(instance, order),
        decode: (text) => {
          const order = decodeOperatorLock(text);
          return order === undefined ? failure('it is damaged') : success(order);
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
      throw new OrdersUnreadable(error.message);
    }
  }
}
