/** For work that must not overlap: each piece begins when the previous one has ended or failed. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Settles as `work` does; a failure does not stop the work behind it. */
  run<Value>(work: () => Value | Promise<Value>): Promise<Value> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Fulfilled when all work queued so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
