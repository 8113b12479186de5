/**
 * Compares connection tables by their summaries. One comparison proves little: the kernel sends an
 * entry up to three seconds after the connection began, and connections end. Only what is missing in
 * several comparisons in a row counts as missing.
 */
import type { TableSummary } from '../../net/connection.ts';

/** One a second: longer than the kernel buffers an entry (2 s, checked once a second). */
export const COMPARISONS = 5;

/**
 * What two summaries have in common: buckets of connections, buckets of the servers' counts, or only the
 * number of all connections, if one director could list its table and the other could not.
 */
type Ground = 'connections' | 'counts' | 'totals';

export function groundOf(one: TableSummary, other: TableSummary): Ground {
  if ((one.isCounted === true) !== (other.isCounted === true)) return 'totals';
  return one.isCounted === true ? 'counts' : 'connections';
}

/** For each bucket, how many more connections `complete` has than `other`. */
export function differenceOf(complete: TableSummary, other: TableSummary): Uint32Array {
  if (groundOf(complete, other) === 'totals') {
    return Uint32Array.of(Math.max(0, complete.live - other.live));
  }
  return Uint32Array.from(complete.buckets, (count, bucket) =>
    Math.max(0, count - (other.buckets[bucket] ?? 0)),
  );
}

export class TableComparison {
  #differences: Uint32Array[] = [];
  #ground: Ground = 'connections';

  get ground(): Ground {
    return this.#ground;
  }

  /** `complete` is the table that `other` should equal. */
  add(complete: TableSummary, other: TableSummary): void {
    const ground = groundOf(complete, other);
    if (ground !== this.#ground) this.reset();
    this.#ground = ground;
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
  missingWithin(most: Uint32Array): number | undefined {
    return this.#steady()?.reduce(
      (sum, count, bucket) => sum + Math.min(count, most[bucket] ?? 0),
      0,
    );
  }

  /** Buckets whose connections the other table lacks; none if it is only known how many it lacks. */
  get buckets(): ReadonlySet<number> {
    if (this.#ground !== 'connections') return new Set();
    const lacking = [...(this.#steady() ?? [])].flatMap((count, bucket) =>
      count > 0 ? bucket : [],
    );
    return new Set(lacking);
  }

  /** For each bucket, the smallest number that was missing. */
  #steady(): Uint32Array | undefined {
    const [first, ...others] = this.#differences;
    if (first === undefined || others.length < COMPARISONS - 1) return undefined;
    return first.map((count, bucket) => Math.min(count, ...others.map((one) => one[bucket] ?? 0)));
  }
}
