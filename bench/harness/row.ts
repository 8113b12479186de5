/** One measured quantity: samples of both programs, and the bars that vrrp-agent must reach. */
import { maximum, median } from './statistics.ts';

export const CONTENDERS = ['vrrp-agent', 'keepalived'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

export type Unit = 'ms' | '%' | 'MB' | '';

export type Statistic = 'median' | 'max';

export type Bar =
  | { readonly kind: 'at-most'; readonly statistic: Statistic; readonly value: number }
  /** Relative to keepalived, measured in the same run. */
  | { readonly kind: 'keepalived'; readonly statistic: Statistic; readonly margin: number }
  | { readonly kind: 'keepalived-times'; readonly statistic: Statistic; readonly factor: number };

export interface Row {
  readonly what: string;
  readonly unit: Unit;
  readonly samples: Readonly<Record<ContenderName, readonly number[]>>;
  /** Empty: for information only. */
  readonly bars: readonly Bar[];
}

export function atMost(statistic: Statistic, value: number): Bar {
  return { kind: 'at-most', statistic, value };
}

/** No worse than keepalived plus a margin. */
export function keepalivedPlus(statistic: Statistic, margin = 0): Bar {
  return { kind: 'keepalived', statistic, margin };
}

/** At most `factor` times keepalived's value. */
export function keepalivedTimes(statistic: Statistic, factor: number): Bar {
  return { kind: 'keepalived-times', statistic, factor };
}

export function statisticOf(samples: readonly number[], statistic: Statistic): number | undefined {
  return statistic === 'median' ? median(samples) : maximum(samples);
}

/** Missing samples of vrrp-agent fail the bar; missing samples of keepalived do not. */
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

/** Median of vrrp-agent divided by that of keepalived; undefined if the latter is 0 or missing. */
export function ratio(row: Row): number | undefined {
  const ours = median(row.samples['vrrp-agent']);
  const theirs = median(row.samples.keepalived);
  return ours === undefined || theirs === undefined || theirs <= 0 ? undefined : ours / theirs;
}

export class Samples {
  readonly #values: Record<ContenderName, number[]> = { 'vrrp-agent': [], keepalived: [] };

  add(contender: ContenderName, value: number): void {
    this.#values[contender].push(value);
  }

  row(what: string, unit: Unit, bars: readonly Bar[] = []): Row {
    return { what, unit, samples: this.#values, bars };
  }
}
