/**
 * Orders on the disk, one file for each instance. A file is written beside its place, forced to the
 * disk and then renamed into place (rename(2)), so that after a crash or on a full disk there is the
 * old order or the new one and never half of one.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeOperatorLock, encodeOperatorLock, isEmpty, type OperatorLock } from './order.ts';

/** Written and on the disk, but not in its place. */
export interface PreparedOrder {
  /** Also on the disk when it returns. */
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

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
const DRAFT = /\.json\.[0-9]+\.[0-9]+$/;

export class OrderStore {
  readonly #directory: string;
  #drafts = 0;

  /** `stateDirectory` need not be there: it is made when there is something to be kept. */
  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'instances');
  }

  fileOf(instance: string): string {
    return join(this.#directory, `${instance}${SUFFIX}`);
  }

  /** Throws `OrdersUnreadable`. */
  async load(): Promise<LoadedOrders> {
    const orders = new Map<string, OperatorLock>();
    const unreadable = new Map<string, string>();
    for (const file of await this.#files()) {
      const instance = file.slice(0, -SUFFIX.length);
      try {
        const order = decodeOperatorLock(await readFile(join(this.#directory, file), 'utf8'));
        if (order === undefined) unreadable.set(instance, 'it is damaged');
        else orders.set(instance, order);
      } catch (error) {
        unreadable.set(instance, messageOf(error));
      }
    }
    return { orders, unreadable };
  }

  /** Whatever can go wrong for want of space or permission goes wrong here. */
  async prepare(instance: string, order: OperatorLock): Promise<PreparedOrder> {
    await mkdir(this.#directory, { recursive: true, mode: 0o755 });
    const draft = `${this.fileOf(instance)}.${process.pid}.${++this.#drafts}`;
    try {
      const file = await open(draft, 'wx', 0o644);
      try {
        await file.writeFile(encodeOperatorLock(instance, order));
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    return {
      commit: async () => {
        await rename(draft, this.fileOf(instance));
        await this.#syncDirectory();
      },
      abandon: () => rm(draft, { force: true }),
    };
  }

  /** An empty order is no file. */
  async save(instance: string, order: OperatorLock): Promise<void> {
    if (isEmpty(order)) await this.#remove(instance);
    else await (await this.prepare(instance, order)).commit();
  }

  async #remove(instance: string): Promise<void> {
    try {
      await rm(this.fileOf(instance));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    await this.#syncDirectory();
  }

  async #files(): Promise<string[]> {
    try {
      const found = await readdir(this.#directory);
      const drafts = found.filter((file) => DRAFT.test(file));
      await Promise.all(drafts.map((file) => this.#discard(file)));
      return found.filter((file) => file.endsWith(SUFFIX));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw new OrdersUnreadable(messageOf(error));
    }
  }

  /** What a run has left that ended while it wrote; that it stays does no harm. */
  async #discard(file: string): Promise<void> {
    await rm(join(this.#directory, file), { force: true }).catch(() => {});
  }

  /** A rename is on the disk when its directory is (fsync(2)). */
  async #syncDirectory(): Promise<void> {
    const directory = await open(this.#directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
