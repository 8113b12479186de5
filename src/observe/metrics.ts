/**
 * Metrics for Prometheus. Everything is read when somebody scrapes: the protocol thread knows
 * nothing of it, and an agent that is not scraped does no work for it.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { IpvsDocument } from '../control/ipvs-document.ts';
import type { EventDocument, StatusDocument } from '../control/protocol.ts';
import type { StateName } from '../engine/reports.ts';
import { LatenessMetric, type LatenessSource } from './lateness-metric.ts';
import { METRICS, type MetricDefinition, type MetricReading } from './metric-table.ts';

export interface MetricsSource {
  status(): StatusDocument;
  /** Undefined: the configuration leaves IPVS alone. */
  ipvs?(): IpvsDocument | undefined;
  /** Returns how to stop. */
  subscribe(listener: (event: EventDocument) => void): () => void;
  readonly lateness: LatenessSource;
}

export interface Metrics {
  readonly contentType: string;
  /** The text of one scrape. */
  text(): Promise<string>;
}

/** To be made before the protocol starts: it counts the transitions that it hears of. */
export function createMetrics(source: MetricsSource): Metrics {
  const registry = new Registry();
  const transitions = countTransitions(source);
  let reading: MetricReading = { status: source.status(), ipvs: undefined, transitions };
  for (const definition of METRICS) register(definition, registry, () => reading);
  new LatenessMetric(source.lateness, registry);
  return {
    contentType: registry.contentType,
    text() {
      reading = { status: source.status(), ipvs: source.ipvs?.(), transitions };
      return registry.metrics();
    },
  };
}

function register(
  { name, type, help, labels, samples }: MetricDefinition,
  registry: Registry,
  reading: () => MetricReading,
): void {
  const configuration = { name, help, labelNames: labels, registers: [registry] };
  if (type === 'gauge') {
    new Gauge({
      ...configuration,
      collect() {
        this.reset();
        for (const sample of samples(reading())) this.set(sample.labels, sample.value);
      },
    });
    return;
  }
  new Counter({
    ...configuration,
    collect() {
      this.reset();
      for (const sample of samples(reading())) this.inc(sample.labels, sample.value);
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
