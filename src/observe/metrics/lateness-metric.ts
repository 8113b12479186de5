/**
 * A histogram whose buckets the protocol thread fills in shared memory. A Histogram of prom-client
 * observes each value; this metric reads the buckets when it is collected.
 */
import { Histogram, type Registry } from 'prom-client';
import { LATENESS_METRIC } from './metric-table.ts';

export interface LatenessSource {
  /** Upper bounds of the buckets in microseconds; one more bucket has none. */
  readonly bounds: readonly number[];
  /** How many values lie in each bucket, and their sum in microseconds. */
  read(): { readonly buckets: readonly number[]; readonly sum: number };
}

export function registerLateness(source: LatenessSource, registry: Registry): void {
  // Not registered: it only supplies the head of the metric in the format of this prom-client version.
  const head = new Histogram({ ...LATENESS_METRIC, registers: [] });
  const metric = {
    name: LATENESS_METRIC.name,
    get: async () => ({ ...(await head.get()), values: samplesOf(source) }),
  };
  // A registry uses only the name and `get` of a metric.
  const collected: Pick<Histogram, 'get'> = metric;
  registry.registerMetric(collected as Histogram);
}

/** A bucket of Prometheus counts every value up to its bound. */
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
