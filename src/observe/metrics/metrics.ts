/**
 * Metrics for Prometheus. Everything is read when a scrape collects it: the protocol thread takes no
 * part, and an agent that is not scraped does no work for it.
 */
import { Registry } from 'prom-client';
import type { IpvsDocument } from '../../control/ipvs-document.ts';
import type { EventDocument, StatusDocument } from '../../control/protocol.ts';
import type { StateName } from '../../protocol/engine/reports.ts';
import { type LatenessSource, registerLateness } from './lateness-metric.ts';
import type { MetricReading } from './metric.ts';
import { METRICS } from './metric-table.ts';
import { MetricText } from './metric-text.ts';

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
  const metrics = METRICS.map((one) => ({ samples: one.samples, text: new MetricText(one) }));
  registerLateness(source.lateness, registry);
  return {
    contentType: registry.contentType,
    async text() {
      // One reading for all metrics of a scrape.
      const reading = read();
      const texts = metrics.map(({ samples, text }) => text.text(samples(reading)));
      return [...texts, await registry.metrics()].join('\n');
    },
  };
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
