/** The report of the history as text: numbers of each instance first, then what happened. */

import type { Downtime } from '../../history/balance.ts';
import type { Move, Outage } from '../../history/moves.ts';
import type { HistoryReport, InstanceReport } from '../../history/report.ts';
import { instanceSummary, lengthText, missingTexts } from '../../history/words.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import { formatAge, type Palette, plain, printable } from '../terminal/text.ts';

export interface HistoryScreen {
  readonly palette: Palette;
  readonly width: number;
}

/** More are not read on a terminal. */
const ROWS_MAX = 200;

export function renderHistory(report: HistoryReport, screen: HistoryScreen): string {
  const parts = [
    heading(report, screen),
    ...report.instances.map((one) => instancePart(one, screen)),
    outagesPart(report, screen),
    movesPart(report, screen),
    balancePart(report, screen),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function heading({ window, directors, instances }: HistoryReport, { palette }: HistoryScreen) {
  const names = directors.map(({ history }) => printable(history.router)).join(', ');
  const span = `${timeText(window.from)} to ${timeText(window.to)} (${formatAge(window.to - window.from)})`;
  const lines = [`${palette.strong(names)}: ${span}`];
  for (const { history, clock, missing } of directors) {
    const name = printable(history.router);
    if (clock.method !== 'reference') lines.push(`  clock of ${name}: ${clockText(clock)}`);
    if (history.damaged > 0) lines.push(`  ${name}: ${history.damaged} damaged lines are left out`);
    lines.push(...missingTexts(missing, timeText).map((text) => `  ${name}: ${text}`));
  }
  if (instances.length === 0) lines.push('  no instance has a history');
  return `${lines.join('\n')}\n`;
}

function clockText({
  method,
  offset_ms: offset,
  samples,
}: HistoryReport['directors'][number]['clock']) {
  const ahead = `${offset > 0 ? '+' : ''}${Number(offset.toFixed(1))} ms`;
  switch (method) {
    case 'reference':
      return '';
    case 'peer-link':
      return `${ahead}, measured by the peer link`;
    case 'transitions':
      return `${ahead}, from ${samples} ${samples === 1 ? 'transition' : 'transitions'} that both saw`;
    case 'none':
      return 'unknown, taken as it is: no peer link, and no transition that both saw';
  }
}

function instancePart(instance: InstanceReport, { palette }: HistoryScreen): string {
  const { name, addresses, statistics } = instance;
  const title = `${palette.strong(printable(name))}  ${palette.faint(printable(addresses.join(' ')))}`;
  const rows = instanceSummary(instance).map(({ label, text, isBad }) => {
    const shown = isBad ? palette.bad(text) : text;
    return `  ${label.padEnd(14)}${shown}`;
  });
  const flapping = statistics.flapping.map(
    ({ from, to, moves }) =>
      `  ${'flapping'.padEnd(14)}${palette.notable(`${moves} moves from ${timeText(from)} to ${timeText(to)}`)}`,
  );
  return `${[title.trimEnd(), ...rows, ...flapping].join('\n')}\n`;
}

type Named<Row> = Row & { readonly instance: string };

/** Rows of which the last are shown. */
interface Latest<Row> {
  readonly rows: readonly Row[];
  /** With those that are left out already. */
  readonly total: number;
}

function named<Row>(
  { instances }: HistoryReport,
  rowsOf: (instance: InstanceReport) => readonly Row[],
  timeOf: (row: Row) => number,
): Latest<Named<Row>> {
  const of = instances.map((one) => ({ instance: one.name, rows: rowsOf(one) }));
  const rows = of
    .flatMap(({ instance, rows: all }) => all.slice(-ROWS_MAX).map((row) => ({ ...row, instance })))
    .sort((a, b) => timeOf(a) - timeOf(b));
  return { rows, total: of.reduce((sum, { rows: all }) => sum + all.length, 0) };
}

function outagesPart(report: HistoryReport, { palette, width }: HistoryScreen): string {
  const outages = named<Outage>(
    report,
    ({ changes }) => changes.outages,
    ({ from }) => from,
  );
  if (outages.total === 0) return '';
  const columns: Column<Named<Outage>>[] = [
    { title: 'OUTAGE', cell: ({ from }) => timeText(from) },
    { title: 'LASTED', cell: ({ from, to }) => lengthText(to - from) },
    { title: 'INSTANCE', cell: ({ instance }) => instance, least: 8 },
    kindColumn(palette),
    {
      title: 'MASTER',
      cell: ({ before, after }) => `${before ?? '?'} > ${after ?? '?'}`,
      least: 8,
    },
    { title: 'CAUSE', cell: causeText, least: 20, shrinksLast: true },
  ];
  return latest(columns, outages, { palette, width });
}

function movesPart(report: HistoryReport, { palette, width }: HistoryScreen): string {
  const moves = named<Move>(
    report,
    ({ changes }) => changes.moves,
    ({ at }) => at,
  );
  if (moves.total === 0) return '';
  const columns: Column<Named<Move>>[] = [
    { title: 'MOVE', cell: ({ at }) => timeText(at) },
    { title: 'GAP', cell: ({ gap_ms: gap }) => (gap === null ? '?' : lengthText(gap)) },
    { title: 'INSTANCE', cell: ({ instance }) => instance, least: 8 },
    kindColumn(palette),
    { title: 'MASTER', cell: ({ from, to }) => `${from} > ${to}`, least: 8 },
    { title: 'CAUSE', cell: causeText, least: 20, shrinksLast: true },
  ];
  return latest(columns, moves, { palette, width });
}

function kindColumn<Row extends { readonly planned: boolean }>(palette: Palette): Column<Row> {
  return {
    title: 'KIND',
    cell: ({ planned }) => (planned ? 'planned' : 'unplanned'),
    paint: ({ planned }) => (planned ? plain : palette.bad),
  };
}

function causeText({ cause, reason }: { readonly cause: string; readonly reason: string }): string {
  return reason === '' || reason === cause ? cause : `${cause}: ${reason}`;
}

function balancePart({ balance }: HistoryReport, { palette, width }: HistoryScreen): string {
  const { downtimes, connections } = balance;
  const down = renderRows(
    [
      { title: 'DOWN', cell: ({ server, service }) => server ?? `all of ${service}` },
      { title: 'SERVICE', cell: ({ service }) => service },
      { title: 'SEEN BY', cell: ({ director }) => director },
      { title: 'TIMES', cell: ({ times }) => String(times) },
      { title: 'IN ALL', cell: ({ ms }) => lengthText(ms) },
      ...(downtimes.some(({ unknown_ms: ms }) => ms > 0) ? [NOT_KNOWN] : []),
    ],
    downtimes,
    { palette, width },
  );
  const moved = renderRows(
    [
      { title: 'CONNECTIONS', cell: ({ at }) => timeText(at) },
      { title: 'INSTANCE', cell: ({ instance }) => instance },
      { title: 'MOVE', cell: ({ director, move }) => `${move} (${director})` },
      { title: 'LIVE', cell: ({ live }) => String(live) },
      { title: 'LOST', cell: ({ lost }) => (lost === null ? '?' : String(lost)) },
    ],
    connections,
    { palette, width },
  );
  return [down, moved].filter((part) => part !== '').join('\n');
}

const NOT_KNOWN: Column<Downtime> = {
  title: 'NOT KNOWN',
  cell: ({ unknown_ms: ms }) => lengthText(ms),
};

function renderRows<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { palette, width }: HistoryScreen,
): string {
  return rows.length === 0 ? '' : latest(columns, { rows, total: rows.length }, { palette, width });
}

function latest<Row>(
  columns: readonly Column<Row>[],
  { rows, total }: Latest<Row>,
  { palette, width }: HistoryScreen,
): string {
  const shown = rows.slice(-ROWS_MAX);
  const left = total - shown.length;
  const note = left === 0 ? '' : `${left} earlier ones: --until, or --json for all\n`;
  return `${renderTable(columns, shown, width, palette.faint)}${note}`;
}

/** In UTC, as in the events. */
function timeText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
}
