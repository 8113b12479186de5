/**
 * The text of one metric for Prometheus, as prom-client writes it. A scrape of a large director has tens of
 * thousands of lines: the start of each is kept from one scrape to the next, while the labels stay the same.
 */
import type { MetricDefinition, Sample } from './metric.ts';

type Labels = Sample['labels'];

interface Series {
  readonly labels: Labels;
  /** Of its line, up to the value. */
  readonly start: string;
  value: number;
}

export class MetricText {
  readonly #definition: Omit<MetricDefinition, 'samples'>;
  readonly #adds: boolean;
  /** The series of each sample of the last scrape. */
  #places: readonly Series[] = [];
  #series: readonly Series[];

  constructor(definition: Omit<MetricDefinition, 'samples'>) {
    this.#definition = definition;
    this.#adds = definition.type === 'counter';
    // A counter without labels is there from the start, as prom-client has it.
    this.#series = this.#adds && definition.labels.length === 0 ? [this.#newSeries({})] : [];
  }

  /** Samples with equal labels are one series: of a counter their sum, of a gauge the last. */
  text(samples: readonly Sample[]): string {
    if (!this.#fits(samples)) this.#arrange(samples);
    for (const series of this.#series) series.value = 0;
    for (let at = 0; at < samples.length; at++) {
      const [series, value] = [this.#places[at], samples[at]?.value ?? 0];
      if (series !== undefined) series.value = this.#adds ? series.value + value : value;
    }
    const { name, help, type } = this.#definition;
    let text = `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`;
    for (const { start, value } of this.#series) text += `${start}${value}\n`;
    return text;
  }

  #fits(samples: readonly Sample[]): boolean {
    const places = this.#places;
    if (samples.length !== places.length) return false;
    const { labels: names } = this.#definition;
    for (let at = 0; at < places.length; at++) {
      const [known, labels] = [places[at]?.labels, samples[at]?.labels];
      if (known === labels) continue;
      for (const name of names) if (labels?.[name] !== known?.[name]) return false;
    }
    return true;
  }

  #arrange(samples: readonly Sample[]): void {
    const known = new Map<string, Series>();
    this.#places = samples.map(({ labels }) => {
      const series = this.#newSeries(labels);
      const same = known.get(series.start);
      if (same === undefined) known.set(series.start, series);
      return same ?? series;
    });
    this.#series = [...known.values()];
  }

  #newSeries(labels: Labels): Series {
    const { name, labels: names } = this.#definition;
    const parts = names.map(
      (one) => `${one}="${escaped(`${labels[one]}`).replaceAll('"', '\\"')}"`,
    );
    const start = parts.length === 0 ? `${name} ` : `${name}{${parts.join(',')}} `;
    return { labels, start, value: 0 };
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
