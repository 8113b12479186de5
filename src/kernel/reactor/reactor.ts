/**
 * Turns readable descriptors into calls: on the event loop of the thread that made it, or by `wait`,
 * which keeps the thread. One private epoll set holds all descriptors and the event loop watches that
 * set alone, so no descriptor can stop the watch or end the process: errors arrive as readability and
 * are cleared by reading.
 */
import { Epoll, type EpollWatch } from '../ffi/epoll.ts';

const LIVE = Symbol.for('vrrp-agent.reactors');

/** A watch that nothing refers to is collected and falls silent; the global object holds them all. */
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
   * `onError` gets what handlers throw; the other handlers still run. It must not throw. `waits`: the
   * thread calls `wait`, and its event loop does not watch.
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

  /** Keeps the thread until something is readable and served: true; or the time has passed: false. */
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

  /** Before the descriptor is closed. */
  remove(fd: number): void {
    if (this.#handlers.delete(fd)) this.#epoll.remove(fd);
  }

  /** May be called from a handler, and again. The descriptors stay open: they are their owners'. */
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
