/** Work that must not overlap: each piece begins when the one before it has ended, however it ended. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as `work` does; a failure does not stop what is queued behind it. */
  run<Value>(work: () => Value | Promise<Value>): Promise<Value> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Fulfilled when everything queued so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
