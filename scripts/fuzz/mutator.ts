/**
 * Makes small changes to valid input: the usual problem of a decoder is one wrong field in an otherwise
 * valid packet. Works in one buffer, without allocations per case.
 */
import type { Random } from '../../test/sim/random.ts';

const CAPACITY = 16_384;

/** Values at which lengths, counts and signs go wrong. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 15, 16, 19, 20, 40, 0x7f, 0x80, 0xfe, 0xff] as const;

export class Mutator {
  readonly buffer = new Uint8Array(CAPACITY);
  /** Length of the case; bytes after it are left over from other cases. */
  length = 0;

  /** The case as a view of the buffer. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  load(base: Uint8Array): void {
    this.length = Math.min(base.length, CAPACITY);
    this.buffer.set(base.subarray(0, this.length));
  }

  /** Makes one to four changes, or none in one of sixteen cases. */
  mutate(random: Random, corpus: readonly Uint8Array[]): void {
    if (random.chance(1 / 16)) return;
    for (let left = random.integer(1, 4); left > 0; left--) this.#change(random, corpus);
  }

  #change(random: Random, corpus: readonly Uint8Array[]): void {
    const at = random.integer(0, Math.max(0, this.length - 1));
    switch (random.integer(0, 9)) {
      case 0:
      case 1:
        this.buffer[at] = (this.buffer[at] ?? 0) ^ (1 << random.integer(0, 7));
        return;
      case 2:
        this.buffer[at] = random.integer(0, 255);
        return;
      case 3:
      case 4:
        this.buffer[at] = random.pick(EDGES);
        return;
      case 5:
        this.#putLength(at, random);
        return;
      case 6:
        this.length = random.integer(0, this.length);
        return;
      case 7:
        this.#grow(random);
        return;
      case 8:
        this.#move(random, at);
        return;
      default:
        this.#splice(random, at, random.pick(corpus));
    }
  }

  /** A 16-bit number near the true length, in either byte order. */
  #putLength(at: number, random: Random): void {
    const value = Math.max(0, this.length + random.integer(-24, 24));
    const big = random.chance(0.5);
    this.buffer[at] = big ? value >>> 8 : value;
    this.buffer[at + 1] = big ? value : value >>> 8;
  }

  #grow(random: Random): void {
    const end = Math.min(CAPACITY, this.length + random.integer(1, 64));
    for (let at = this.length; at < end; at++) this.buffer[at] = random.integer(0, 255);
    this.length = end;
  }

  #move(random: Random, to: number): void {
    const from = random.integer(0, Math.max(0, this.length - 1));
    this.buffer.copyWithin(to, from, Math.min(this.length, from + random.integer(1, 16)));
  }

  #splice(random: Random, at: number, other: Uint8Array): void {
    const from = random.integer(0, Math.max(0, other.length - 1));
    const part = other.subarray(from, from + random.integer(1, 64));
    if (at + part.length > CAPACITY) return;
    this.buffer.set(part, at);
    this.length = Math.max(this.length, at + part.length);
  }
}
