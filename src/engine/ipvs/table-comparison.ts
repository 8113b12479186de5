/**
 * Compares tables of connections by their summaries. One comparison proves little: the kernel sends
 * an entry up to three seconds after the connection began, and connections end. What is missing in
 * each of several comparisons in a row is missing.
 */
import { BUCKETS, type TableSummary } from '../../net/connection.ts';

/** One a second: longer than the kernel keeps an entry in its buffer (2 s, looked at once a second). */
export const COMPARISONS = 5;

export class TableComparison {
  #differences: Uint16Array[] = [];

  /** `complete` has what `other` should have. */
  note(complete: TableSummary, other: TableSummary): void {
    const difference = new Uint16Array(BUCKETS);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const by = (complete.buckets[bucket] ?? 0) - (other.buckets[bucket] ?? 0);
      difference[bucket] = Math.max(0, by);
    }
    this.#differences.push(difference);
    if (this.#differences.length > COMPARISONS) this.#differences.shift();
  }

  reset(): void {
    this.#differences = [];
  }

  /** Connections that the other table lacks; undefined: it was not compared often enough. */
  get missing(): number | undefined {
    if (this.#differences.length < COMPARISONS) return undefined;
    let sum = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) sum += this.#steady(bucket);
    return sum;
  }

  /** Buckets whose connections the other table lacks. */
  get buckets(): ReadonlySet<number> {
    const buckets = new Set<number>();
    if (this.missing === undefined) return buckets;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      if (this.#steady(bucket) > 0) buckets.add(bucket);
    }
    return buckets;
  }

  #steady(bucket: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const difference of this.#differences) {
      least = Math.min(least, difference[bucket] ?? 0);
    }
    return least;
  }
}
