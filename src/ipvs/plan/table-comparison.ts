/**
 * Compares connection tables by their summaries. One comparison proves little: the kernel sends an
 * entry up to three seconds after the connection began, and connections end. Only what is missing in
 * several comparisons in a row counts as missing.
 */
import type { TableSummary } from '../../net/connection.ts';

/** One a second: longer than the kernel buffers an entry (2 s, checked once a second). */
export const COMPARISONS = 5;

/** For each bucket, how many more connections `complete` has than `other`. */
export function differenceOf(complete: TableSummary, other: TableSummary): Uint16Array {
  return complete.buckets.map((count, bucket) => Math.max(0, count - (other.buckets[bucket] ?? 0)));
}

export class TableComparison {
  #differences: Uint16Array[] = [];

  /** `complete` is the table that `other` should equal. */
  add(complete: TableSummary, other: TableSummary): void {
    this.#differences.push(differenceOf(complete, other));
    if (this.#differences.length > COMPARISONS) this.#differences.shift();
  }

  reset(): void {
    this.#differences = [];
  }

  /** Connections that the other table lacks; undefined: too few comparisons. */
  get missing(): number | undefined {
    return this.#steady()?.reduce((sum, count) => sum + count, 0);
  }

  /** The same, with at most `most` of each bucket. */
  missingWithin(most: Uint16Array): number | undefined {
    return this.#steady()?.reduce(
      (sum, count, bucket) => sum + Math.min(count, most[bucket] ?? 0),
      0,
    );
  }

  /** Buckets whose connections the other table lacks. */
  get buckets(): ReadonlySet<number> {
    const lacking = [...(this.#steady() ?? [])].flatMap((count, bucket) =>
      count > 0 ? bucket : [],
    );
    return new Set(lacking);
  }

  /** For each bucket, the smallest number that was missing. */
  #steady(): Uint16Array | undefined {
    const [first, ...others] = this.#differences;
    if (first === undefined || others.length < COMPARISONS - 1) return undefined;
    return first.map((count, bucket) => Math.min(count, ...others.map((one) => one[bucket] ?? 0)));
  }
}
