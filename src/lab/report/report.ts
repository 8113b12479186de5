/** Results of `lab run`, for programs (`--json`). */

import type { RunNumbers, RunRecord } from '../judge/record.ts';
import type { AgentName } from '../scenario/names.ts';
import type { Scenario } from '../scenario/scenario.ts';

export interface LabReport {
  readonly format: 1;
  /** True if all scenarios hold as written; comparisons do not count. */
  readonly holds: boolean;
  readonly scenarios: readonly ScenarioReport[];
}

export interface ScenarioReport {
  readonly name: string;
  readonly title: string;
  readonly story: string;
  readonly references: readonly string[];
  readonly duration: number;
  readonly watched: { readonly vrid: number; readonly address: string };
  readonly contenders: readonly ContenderReport[];
  readonly holds: boolean;
}

export interface ContenderReport {
  /** The program on all directors, or the programs that the file names. */
  readonly agent: AgentName | 'as written';
  readonly is_comparison: boolean;
  readonly runs: readonly RunRecord[];
  readonly holds: boolean;
}

/** Over all runs. */
interface Statistic {
  readonly median: number;
  readonly max: number;
}

export function scenarioReport(
  scenario: Scenario,
  contenders: readonly Omit<ContenderReport, 'holds'>[],
): ScenarioReport {
  const { name, title, story, references, duration, watched } = scenario;
  const judged = contenders.map((one) => ({
    ...one,
    holds: one.runs.length > 0 && one.runs.every(({ holds }) => holds),
  }));
  const holds = judged.every((one) => one.is_comparison || one.holds);
  return { name, title, story, references, duration, watched, contenders: judged, holds };
}

export function labReport(scenarios: readonly ScenarioReport[]): LabReport {
  return { format: 1, holds: scenarios.every(({ holds }) => holds), scenarios };
}

/** Undefined: not measured. */
export function statisticOf(
  runs: readonly RunRecord[],
  key: keyof RunNumbers,
): Statistic | undefined {
  const values = runs.flatMap(({ numbers }) => numbers[key] ?? []).sort((a, b) => a - b);
  const [upper, lower] = [values[values.length >> 1], values[(values.length - 1) >> 1]];
  if (upper === undefined || lower === undefined) return undefined;
  return { median: (upper + lower) / 2, max: values.at(-1) ?? upper };
}

/** The run that a report shows in full: the first that failed, or the one with the median outage. */
export function shownRun({ runs }: ContenderReport): RunRecord | undefined {
  const failed = runs.find(({ holds }) => !holds);
  if (failed !== undefined) return failed;
  const byOutage = [...runs].sort((a, b) => (a.numbers.outage ?? 0) - (b.numbers.outage ?? 0));
  return byOutage[(byOutage.length - 1) >> 1];
}

export const NUMBERS: readonly {
  readonly key: keyof RunNumbers;
  readonly label: string;
  readonly isTime: boolean;
}[] = [
  { key: 'outage', label: 'longest outage', isTime: true },
  { key: 'takeover', label: 'last advert to first answer', isTime: true },
  { key: 'dual', label: 'two owners', isTime: true },
  { key: 'transitions', label: 'became MASTER', isTime: false },
  { key: 'lost', label: 'probes lost', isTime: false },
  { key: 'adverts', label: 'adverts', isTime: false },
  { key: 'announcements', label: 'gratuitous ARP/NA', isTime: false },
];

export function milliseconds(microseconds: number): string {
  const value = microseconds / 1_000;
  return `${value >= 100 || value === 0 ? value.toFixed(0) : value.toFixed(1)} ms`;
}

export function statisticText({ median, max }: Statistic, isTime: boolean, runs: number): string {
  const show = (value: number) => (isTime ? milliseconds(value) : String(value));
  return runs === 1 ? show(max) : `${show(median)} (max ${show(max)})`;
}

/** Distance of the ticks on a time axis: 1, 2 or 5 times a power of ten, in the duration's unit. */
export function tickStep(duration: number, ticks: number): number {
  const raw = duration / ticks;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((one) => one * power >= raw) ?? 10;
  return factor * power;
}
