/**
 * Metrics for Prometheus. Everything is read when a scrape collects it: the protocol thread takes no
 * part, and an agent that is not scraped does no work for it.
 */
import { Gauge, Registry } from 'prom-client';
import type { IpvsDocument } from '../../control/ipvs-document.ts';
import type { EventDocument, StatusDocument } from '../../control/protocol.ts';
import type { StateName } from '../../protocol/engine/reports.ts';
import { followedCounter } from './followed-counter.ts';
import { type LatenessSource, registerLateness } from './lateness-metric.ts';
import type { MetricDefinition, MetricReading } from './metric.ts';
import { METRICS } from './metric-table.ts';

export interface MetricsSource {
  status(): StatusDocument;
  /** Undefined: the configuration has no `ipvs`. */
  ipvs?(): IpvsDocument | undefined;
  /** Undefined: the instance has not changed state yet. */
  lastTransitionAt(instance: string): Date | undefined;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (event: EventDocument) => void): () => void;
  readonly lateness: LatenessSource;
}

export interface Metrics {
  readonly contentType: string;
  /** The text of one scrape. */
  text(): Promise<string>;
}

/** Call before the protocol starts: transitions are counted from then on. */
export function createMetrics(source: MetricsSource): Metrics {
  const registry = new Registry();
  const transitions = countTransitions(source);
  const read = (): MetricReading => ({
    status: source.status(),
    ipvs: source.ipvs?.(),
    lastTransitionAt: (instance) => source.lastTransitionAt(instance),
    transitions,
  });
  // One reading for all metrics of a scrape.
  let reading = read();
  for (const definition of METRICS) register(definition, registry, () => reading);
  registerLateness(source.lateness, registry);
  return {
    contentType: registry.contentType,
    text() {
      reading = read();
      return registry.metrics();
    },
  };
}

function register(
  { name, type, help, labels, samples }: MetricDefinition,
  registry: Registry,
  reading: () => MetricReading,
): void {
  if (type === 'counter') {
    followedCounter({ name, help, labels, registry, samples: () => samples(reading()) });
    return;
  }
  new Gauge({
    ...{ name, help, labelNames: labels, registers: [registry] },
    collect() {
      // Series without samples must not be exported.
      this.reset();
      // It would be 0 without labels.
      this.remove({});
      for (const sample of samples(reading())) this.set(sample.labels, sample.value);
    },
  });
}

function countTransitions(source: MetricsSource): MetricReading['transitions'] {
  const counts = new Map<string, number>();
  const keyOf = (instance: string, from: StateName, to: StateName) => `${from} ${to} ${instance}`;
  source.subscribe((event) => {
    if (event.kind !== 'transition') return;
    const key = keyOf(event.instance, event.from, event.to);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  return (instance, from, to) => counts.get(keyOf(instance, from, to)) ?? 0;
}
