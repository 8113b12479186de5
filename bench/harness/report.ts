/** The results, as a document to save and as a Markdown table. */
import type { Machine } from './machine.ts';
import { floorText, type NoiseFloor } from './noise-floor.ts';
import {
  type Bar,
  CONTENDERS,
  type ContenderName,
  holds,
  type Row,
  ratio,
  statisticOf,
  type Unit,
} from './row.ts';

export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly method: string;
  /** ISO 8601. */
  readonly measuredAt: string;
  readonly machine: Machine;
  readonly rows: readonly Row[];
  /** Undefined: not measured. */
  readonly floor?: NoiseFloor | undefined;
}

export interface Results {
  readonly scenarios: readonly ScenarioResult[];
}

/** New results replace those of the same scenario; the others are kept. */
export function merged(
  known: Results | undefined,
  fresh: readonly ScenarioResult[],
  order: readonly string[],
): Results {
  const all = new Map(known?.scenarios.map((scenario) => [scenario.name, scenario]));
  for (const scenario of fresh) all.set(scenario.name, scenario);
  return { scenarios: order.flatMap((name) => all.get(name) ?? []) };
}

/** The rows measured so far, and earlier results of the rows still missing. */
export function partlyMerged(known: Results | undefined, fresh: ScenarioResult): ScenarioResult {
  const found = new Set(fresh.rows.map(({ what }) => what));
  const before = known?.scenarios.find(({ name }) => name === fresh.name)?.rows ?? [];
  return { ...fresh, rows: [...fresh.rows, ...before.filter(({ what }) => !found.has(what))] };
}

/** GitHub's Markdown. */
export function tableOf(scenarios: readonly ScenarioResult[]): string {
  const head = [
    `| | ${CONTENDERS.join(' | ')} | ratio | bar | holds |`,
    '|---|---:|---:|---:|---|---|',
  ];
  const lines = scenarios.flatMap(({ title, rows }) => [
    `| **${title}** | | | | | |`,
    ...rows.map(lineOf),
  ]);
  return [...head, ...lines].join('\n');
}

export function reportOf(results: Results): string {
  const parts = results.scenarios.map(
    ({ title, method, measuredAt, machine, floor }) =>
      `- **${title}** (${measuredAt.slice(0, 16).replace('T', ' ')} UTC; ${machineText(machine)}): ${method}${floor === undefined ? '' : ` ${floorText(floor)}.`}`,
  );
  return `${tableOf(results.scenarios)}\n\nMedians, with the maximum in parentheses. Methods:\n\n${parts.join('\n')}\n`;
}

function machineText({ kernel, node, keepalived, cores }: Machine): string {
  return `Linux ${kernel}, ${cores} cores, Node ${node}, keepalived ${keepalived}`;
}

function lineOf(row: Row): string {
  const values = CONTENDERS.map((contender) => cellOf(row, contender));
  const times = ratio(row);
  const bars = row.bars.map((bar) => barText(bar, row.unit)).join('; ');
  const verdict = row.bars.length === 0 ? '' : holds(row) ? 'yes' : '**no**';
  return `| ${[row.what, ...values, times === undefined ? '' : times.toFixed(2), bars, verdict].join(' | ')} |`;
}

function cellOf(row: Row, contender: ContenderName): string {
  const samples = row.samples[contender];
  const [middle, most] = [statisticOf(samples, 'median'), statisticOf(samples, 'max')];
  if (middle === undefined || most === undefined) return 'not measured';
  const text = (value: number) => numberText(value, row.unit);
  return `${text(middle)}${samples.length > 1 ? ` (${text(most)})` : ''}${unitText(row.unit)}`;
}

function barText(bar: Bar, unit: Unit): string {
  if (bar.kind === 'at-most') return `${bar.statistic} ≤ ${bar.value}${unitText(unit)}`;
  if (bar.kind === 'keepalived-times') return `${bar.statistic} ≤ ${bar.factor} × keepalived`;
  const margin = bar.margin === 0 ? '' : ` + ${bar.margin}${unitText(unit)}`;
  return `${bar.statistic} ≤ keepalived${margin}`;
}

function unitText(unit: Unit): string {
  return unit === '' ? '' : ` ${unit}`;
}

function numberText(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '?';
  if (unit === '') return String(Math.round(value));
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(unit === '%' ? 3 : 2);
}
