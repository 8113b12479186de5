/** What a metric is, and what it reads. The tables beside this file have the metrics themselves. */
import type { IpvsDocument } from '../../control/ipvs-document.ts';
import type { StatusDocument } from '../../control/protocol.ts';
import type { StateName } from '../../protocol/engine/reports.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (reading: MetricReading) => readonly Sample[];
}

/** The data of one scrape. */
export interface MetricReading {
  readonly status: StatusDocument;
  /** Undefined: the configuration has no `ipvs`. */
  readonly ipvs: IpvsDocument | undefined;
  /** Undefined: the instance has not changed state yet. */
  readonly lastTransitionAt: (instance: string) => Date | undefined;
  /** How often the instance changed from one state to the other. */
  readonly transitions: (instance: string, from: StateName, to: StateName) => number;
}

export const STATES: readonly StateName[] = ['INIT', 'BACKUP', 'MASTER', 'FAULT'];

/** No sample where the value is unknown. */
export function sampleOf(labels: Sample['labels'], value: number | null | undefined): Sample[] {
  return value === undefined || value === null ? [] : [{ labels, value }];
}

/** A sample for each row whose value is known. There are thousands of rows: no array is made for each. */
export function samplesOf<Row>(
  rows: readonly Row[],
  labelsOf: (row: Row) => Sample['labels'],
  valueIn: (row: Row) => number | null | undefined,
): Sample[] {
  const samples: Sample[] = [];
  for (const row of rows) {
    const value = valueIn(row);
    if (value !== undefined && value !== null) samples.push({ labels: labelsOf(row), value });
  }
  return samples;
}
