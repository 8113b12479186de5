/** Simulated time: a queue of actions, run in order. */
import type { Instant } from '../../src/net/time.ts';

export interface ScheduledAction {
  readonly at: Instant;
  readonly sequence: number;
  readonly action: () => void;
  cancelled: boolean;
}

export class Clock {
  now: Instant;
  /** Binary heap, earliest first; actions of one instant in the order of their creation. */
  readonly #heap: ScheduledAction[] = [];
  #sequence = 0;

  constructor(start: Instant) {
    this.now = start;
  }

  /** An instant in the past means now. */
  at(when: Instant, action: () => void): ScheduledAction {
    const at = Math.max(when, this.now) as Instant;
    const scheduled = { at, sequence: this.#sequence++, action, cancelled: false };
    this.#heap.push(scheduled);
    this.#rise(this.#heap.length - 1);
    return scheduled;
  }

  after(delay: number, action: () => void): ScheduledAction {
    return this.at((this.now + Math.max(0, Math.round(delay))) as Instant, action);
  }

  /** Runs all actions up to and including `end`, and `afterEach` after each. */
  runUntil(end: Instant, afterEach: () => void): void {
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#removeFirst();
      if (next.cancelled) continue;
      this.now = next.at;
      next.action();
      afterEach();
    }
    this.now = end;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(position: number): void {
    let child = position;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#swapUnlessOrdered(parent, child)) return;
      child = parent;
    }
  }

  #sink(position: number): void {
    let parent = position;
    for (;;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      const child = right < this.#heap.length && this.#isBefore(right, left) ? right : left;
      if (child >= this.#heap.length || !this.#swapUnlessOrdered(parent, child)) return;
      parent = child;
    }
  }

  #swapUnlessOrdered(parent: number, child: number): boolean {
    const [upper, lower] = [this.#heap[parent], this.#heap[child]];
    if (upper === undefined || lower === undefined || !this.#isBefore(child, parent)) return false;
    this.#heap[parent] = lower;
    this.#heap[child] = upper;
    return true;
  }

  #isBefore(left: number, right: number): boolean {
    const [a, b] = [this.#heap[left], this.#heap[right]];
    if (a === undefined || b === undefined) return false;
    return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
  }
}
