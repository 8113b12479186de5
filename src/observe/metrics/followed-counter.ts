/**
 * A Counter that follows numbers counted elsewhere: each collection adds what was counted since the
 * last one. A number smaller than before means that its source restarted from zero; the series then
 * restarts too. A series without samples is removed.
 */
import { Counter, type Registry } from 'prom-client';
import type { Sample } from './metric.ts';

export interface FollowedCounterOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly registry: Registry;
  readonly samples: () => readonly Sample[];
}

interface Series {
  readonly labels: Sample['labels'];
  /** Value in the Counter. */
  value: number;
}

export function followedCounter({
  name,
  help,
  labels: labelNames,
  registry,
  samples,
}: FollowedCounterOptions): void {
  const followed = new Map<string, Series>();
  new Counter({
    ...{ name, help, labelNames: [...labelNames], registers: [registry] },
    collect() {
      const counted = sumsOf(labelNames, samples());
      for (const [key, { labels }] of followed) {
        if (counted.has(key)) continue;
        followed.delete(key);
        this.remove(labels);
      }
      for (const [key, { labels, value }] of counted) {
        let before = followed.get(key)?.value;
        if (before === value) continue;
        if (before !== undefined && value < before) {
          this.remove(labels);
          before = undefined;
        }
        const added = value - (before ?? 0);
        this.inc(labels, added);
        followed.set(key, { labels, value: (before ?? 0) + added });
      }
    },
  });
}

/** Keyed by label values; samples with equal labels are added. */
function sumsOf(names: readonly string[], samples: readonly Sample[]): Map<string, Series> {
  const sums = new Map<string, Series>();
  for (const { labels, value } of samples) {
    const key = names.map((name) => labels[name]).join('\0');
    const known = sums.get(key);
    if (known === undefined) sums.set(key, { labels, value });
    else known.value += value;
  }
  return sums;
}
