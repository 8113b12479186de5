/**
 * Calls a handler when a descriptor is readable: from Node's event loop, or from `wait`, which blocks the
 * thread. All descriptors are in one epoll set, and the event loop watches only that set. So a descriptor
 * with an error cannot stop the watch or end the process: it counts as readable, and reading clears the
 * error.
 */
import { Epoll, type EpollWatch } from '../ffi/epoll.ts';

const LIVE = Symbol.for('vrrp-agent.reactors');

/** Keeps all reactors alive: the watch of a reactor that is garbage-collected stops. */
function liveReactors(): Set<Reactor> {
  const holder = globalThis as { [LIVE]?: Set<Reactor> };
  holder[LIVE] ??= new Set();
  return holder[LIVE];
}

export class Reactor {
  readonly #epoll = new Epoll();
  readonly #handlers = new Map<number, () => void>();
  readonly #onError: (error: unknown) => void;
  #watch: EpollWatch | undefined;
  #closed = false;

  /**
   * `onError` gets what handlers throw, and must not throw; the other handlers still run. `waits`: the
   * thread calls `wait`, so its event loop does not watch.
   */
  constructor(onError: (error: unknown) => void, options: { readonly waits?: boolean } = {}) {
    this.#onError = onError;
    if (options.waits === true) return;
    this.#watch = this.#epoll.watch(() => this.#dispatch(this.#epoll.poll()));
    liveReactors().add(this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Blocks until descriptors are readable, and serves them; returns false if none was in time. */
  wait(milliseconds: number): boolean {
    const count = this.#closed ? 0 : this.#epoll.wait(milliseconds);
    this.#dispatch(count);
    return count > 0;
  }

  /** A handler that leaves data unread is called again. Throws `KernelError` for a bad descriptor. */
  add(fd: number, onReadable: () => void): void {
    this.#epoll.add(fd);
    this.#handlers.set(fd, onReadable);
  }

  /** Must be called before the descriptor is closed. */
  remove(fd: number): void {
    if (this.#handlers.delete(fd)) this.#epoll.remove(fd);
  }

  /** May be called from a handler, and repeatedly. Does not close the descriptors. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch?.close();
    this.#watch = undefined;
    this.#handlers.clear();
    this.#epoll.close();
    liveReactors().delete(this);
  }

  #dispatch(count: number): void {
    for (let position = 0; position < count && !this.#closed; position++) {
      try {
        this.#handlers.get(this.#epoll.readableAt(position))?.();
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
