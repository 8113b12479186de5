/** What is to be closed when the agent ends, whichever way it ends: last pushed, first closed. */
export type Closer = () => void | Promise<void>;

export class Closers {
  readonly #stack: Closer[] = [];

  push(closer: Closer): void {
    this.#stack.push(closer);
  }

  /** Closes everything, one after the other; an error of one does not keep the others from closing. */
  async close(onError: (error: unknown) => void): Promise<void> {
    for (let closer = this.#stack.pop(); closer !== undefined; closer = this.#stack.pop()) {
      try {
        await closer();
      } catch (error) {
        onError(error);
      }
    }
  }
}
