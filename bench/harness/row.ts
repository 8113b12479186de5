/** What a scenario finds out: samples of both programs, and the bars that ours has to reach. */
import { maximum, median } from './statistics.ts';

export const CONTENDERS = ['vrrp-agent', 'keepalived'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

export type Unit = 'ms' | '%' | 'MB' | '';

export type Statistic = 'median' | 'max';

export type Bar =
  | { readonly kind: 'at-most'; readonly statistic: Statistic; readonly value: number }
  /** Of the other program, measured in the same run. */
  | { readonly kind: 'keepalived'; readonly statistic: Statistic; readonly margin: number }
  | { readonly kind: 'keepalived-times'; readonly statistic: Statistic; readonly factor: number };

export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly samples: Readonly<Record<ContenderName, readonly number[]>>;
  /** None: the row is there to be read, nothing is demanded. */
  readonly bars: readonly Bar[];
}

export function atMost(statistic: Statistic, value: number): Bar {
  return { kind: 'at-most', statistic, value };
}

/** No worse than keepalived, or than that and a margin. */
export function keepalivedPlus(statistic: Statistic, margin = 0): Bar {
  return { kind: 'keepalived', statistic, margin };
}

/** No more than so many times keepalived's. */
export function keepalivedTimes(statistic: Statistic, factor: number): Bar {
  return { kind: 'keepalived-times', statistic, factor };
}

export function statisticOf(samples: readonly number[], statistic: Statistic): number | undefined {
  return statistic === 'median' ? median(samples) : maximum(samples);
}

/** A sample that could not be taken fails the bar; keepalived's absence does not. */
export function reaches(row: Row, bar: Bar): boolean {
  const ours = statisticOf(row.samples['vrrp-agent'], bar.statistic);
  if (ours === undefined || Number.isNaN(ours)) return false;
  if (bar.kind === 'at-most') return ours <= bar.value;
  const theirs = statisticOf(row.samples.keepalived, bar.statistic);
  if (theirs === undefined) return true;
  return ours <= (bar.kind === 'keepalived' ? theirs + bar.margin : theirs * bar.factor);
}

export function holds(row: Row): boolean {
  return row.bars.every((bar) => reaches(row, bar));
}

/** Our median in parts of theirs; undefined where theirs is nothing. */
export function ratio(row: Row): number | undefined {
  const ours = median(row.samples['vrrp-agent']);
  const theirs = median(row.samples.keepalived);
  return ours === undefined || theirs === undefined || theirs <= 0 ? undefined : ours / theirs;
}

/** Collects samples as they come. */
export class Samples {
  readonly #values: Record<ContenderName, number[]> = { 'vrrp-agent': [], keepalived: [] };

  add(contender: ContenderName, value: number): void {
    this.#values[contender].push(value);
  }

  row(what: string, unit: Unit, bars: readonly Bar[] = []): Row {
    return { what, unit, samples: this.#values, bars };
  }
}
