/**
 * A histogram that the protocol thread fills in shared memory. prom-client's own wants to be told
 * of each value, so this one answers with what it reads there.
 */
import { Histogram, type Registry } from 'prom-client';
import { LATENESS_METRIC } from './metric-table.ts';

export interface LatenessSource {
  /** Upper bounds of the buckets in microseconds; one more bucket has none. */
  readonly bounds: readonly number[];
  /** How many values lie in each bucket, and their sum in microseconds. */
  read(): { readonly buckets: readonly number[]; readonly sum: number };
}

export class LatenessMetric extends Histogram {
  readonly #source: LatenessSource;
  /** Gives name, help and type in the form the registry wants. */
  readonly #empty = new Histogram({ ...LATENESS_METRIC, registers: [] });

  constructor(source: LatenessSource, registry: Registry) {
    super({ ...LATENESS_METRIC, registers: [registry] });
    this.#source = source;
  }

  override async get() {
    return { ...(await this.#empty.get()), values: samplesOf(this.#source) };
  }

  /** What the registry asks for where it is there. */
  getForPromString() {
    return this.get();
  }
}

/** Buckets of Prometheus count everything up to their bound. */
function samplesOf({ bounds, read }: LatenessSource) {
  const { buckets, sum } = read();
  const { name } = LATENESS_METRIC;
  let count = 0;
  const cumulative = buckets.map((inBucket, index) => {
    count += inBucket;
    const bound = bounds[index];
    const le = bound === undefined ? '+Inf' : bound / 1_000_000;
    return { metricName: `${name}_bucket`, labels: { le }, value: count };
  });
  return [
    ...cumulative,
    { metricName: `${name}_sum`, labels: {}, value: sum / 1_000_000 },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}
