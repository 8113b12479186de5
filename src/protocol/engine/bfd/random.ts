/** Random numbers of a session from one that the edge has drawn: the engine has no source of its own. */

const RANGE = 2 ** 32;

export class Random {
  #state: number;

  /** Any 32 bits. */
  constructor(seed: number) {
    // The generator stays at zero once it is there.
    this.#state = seed >>> 0 || 1;
  }

  /** Where a generator continues from. */
  get state(): number {
    return this.#state;
  }

  /** 1 to 2^32 - 1 (xorshift of 32 bits). */
  next(): number {
    let bits = this.#state;
    bits ^= bits << 13;
    bits ^= bits >>> 17;
    bits ^= bits << 5;
    this.#state = bits >>> 0;
    return this.#state;
  }

  /** From 0 up to 1. */
  fraction(): number {
    return this.next() / RANGE;
  }
}
