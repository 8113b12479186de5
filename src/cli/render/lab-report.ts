/** The report for a terminal: lanes of characters over one time axis, then the expectations. */

import type { LaneState, NodeRecord, RunRecord, Span, Verdict } from '../../lab/judge/record.ts';
import { answeringIn, clientsOf } from '../../lab/report/answering.ts';
import {
  type ContenderReport,
  type LabReport,
  milliseconds,
  NUMBERS,
  type ScenarioReport,
  shownRun,
  statisticOf,
  statisticText,
  tickStep,
} from '../../lab/report/report.ts';
import { fitted, type Paint, type Palette, plain, printable } from '../terminal/text.ts';

export interface TextOptions {
  readonly width: number;
  readonly palette: Palette;
}

const LABEL_WIDTH = 14;

const SYMBOLS: Readonly<Record<LaneState, string>> = {
  MASTER: '█',
  BACKUP: '░',
  FAULT: 'F',
  INIT: 'i',
  runs: '░',
  down: '·',
  hung: 'H',
  frozen: 'Z',
  crashed: 'x',
};

const LEGEND =
  'state █ MASTER ░ BACKUP F FAULT i INIT · down H hung Z frozen x crashed   ' +
  'wire | advert 0 resigns ▲ announces   probes ✗ lost   → who answers ARP, ! two';

export function renderReport(report: LabReport, options: TextOptions): string {
  const { faint } = options.palette;
  const body = report.scenarios.map((scenario) => renderScenario(scenario, options));
  return `${body.join('\n')}\n${faint(fitted(LEGEND, options.width))}\n`;
}

function renderScenario(scenario: ScenarioReport, options: TextOptions): string {
  return scenario.contenders.map((one) => renderContender(scenario, one, options)).join('\n');
}

function renderContender(
  scenario: ScenarioReport,
  contender: ContenderReport,
  options: TextOptions,
): string {
  const { good, bad, strong, faint } = options.palette;
  const { runs } = contender;
  const held = runs.filter(({ holds }) => holds).length;
  const who = contender.is_comparison ? ` with ${contender.agent}` : '';
  const count = runs.length === 1 ? '' : ` ${held} of ${runs.length}`;
  const verdict = contender.holds
    ? good(`holds${count}`)
    : bad(`FAILS${count && `,${count} held`}`);
  const title = `${strong(printable(scenario.name))}${who}: ${printable(scenario.title)}`;
  const run = shownRun(contender);
  if (run === undefined) return `${title}  ${bad('was not run')}\n`;
  const numbers = NUMBERS.flatMap(({ key, label, isTime }) => {
    const statistic = statisticOf(runs, key);
    return statistic === undefined
      ? []
      : [`${label} ${statisticText(statistic, isTime, runs.length)}`];
  });
  return [
    `${title}  ${verdict}`,
    ...renderLanes(run, options),
    ...run.verdicts.map((one) => verdictLine(one, options)),
    faint(`  ${numbers.join(' · ')}`),
    faint(`  ${footing(run)}`),
    '',
  ].join('\n');
}

function verdictLine({ holds, expectation, seen, why }: Verdict, { palette }: TextOptions) {
  const mark = holds ? palette.good('✓') : palette.bad('✗');
  const saw = holds ? palette.faint(`(${seen})`) : `${palette.bad('seen:')} ${printable(seen)}`;
  const reason = holds || why === '' ? '' : `\n      ${printable(why)}`;
  return `  ${mark} ${printable(expectation)}  ${saw}${reason}`;
}

function footing({ resolution, set_up, tear_down, settled_after }: RunRecord): string {
  const probes =
    resolution === null
      ? 'no probes'
      : `probes every ${milliseconds(resolution.median)}, p99 ${milliseconds(resolution.p99)}, ` +
        `max ${milliseconds(resolution.max)}`;
  const settled =
    settled_after === null ? 'not settled' : `settled in ${milliseconds(settled_after)}`;
  const times = `set-up ${milliseconds(set_up)}, tear-down ${milliseconds(tear_down)}`;
  return `${probes} · ${times} · ${settled}`;
}

function renderLanes(run: RunRecord, { width, palette }: TextOptions): string[] {
  const columns = Math.max(20, width - LABEL_WIDTH);
  const scale = { columns, duration: run.duration };
  const line = (label: string, cells: string) => `${label.padEnd(LABEL_WIDTH)}${cells}`;
  return [
    palette.faint(line('', axis(scale))),
    ...run.nodes.flatMap((node) => [
      line(` ${node.name} state`, states(node, scale, palette)),
      line('     has VIP', presence(node.holds, scale, '━', palette.notable)),
      line('     wire', wire(node, scale)),
    ]),
    ...clientsOf(run).map((client) => line(` ${client} →`, answers(run, client, scale))),
    ...run.probes.map(({ client, type, outages }) =>
      line(` ${client} ${type}`, presence(outages, scale, '✗', palette.bad, '·')),
    ),
    ...steps(run, scale).map((text) => palette.faint(text)),
  ];
}

interface Scale {
  readonly columns: number;
  readonly duration: number;
}

function columnOf(at: number, { columns, duration }: Scale): number {
  return Math.min(columns - 1, Math.max(0, Math.floor((at / duration) * columns)));
}

function axis(scale: Scale): string {
  const cells = Array.from({ length: scale.columns }, () => ' ');
  const step = tickStep(scale.duration, 6);
  for (let at = 0; at <= scale.duration; at += step) {
    const text = `${Number((at / 1_000_000).toFixed(3))}s`;
    const start = Math.min(columnOf(at, scale), scale.columns - text.length);
    for (const [index, character] of [...text].entries()) cells[start + index] = character;
  }
  return cells.join('');
}

/** A cell shows the state that lasted longest in it, with double weight for MASTER. */
function states({ states: spans }: NodeRecord, scale: Scale, palette: Palette): string {
  const paints: Partial<Record<LaneState, Paint>> = {
    MASTER: palette.good,
    BACKUP: palette.faint,
    FAULT: palette.bad,
    hung: palette.notable,
    frozen: palette.notable,
    crashed: palette.bad,
  };
  const cell = scale.duration / scale.columns;
  return Array.from({ length: scale.columns }, (_, column) => {
    const [from, to] = [column * cell, (column + 1) * cell];
    let best: LaneState | undefined;
    let most = 0;
    for (const span of spans) {
      const share = Math.min(span.to, to) - Math.max(span.from, from);
      const weight = span.state === 'MASTER' ? 2 * share : share;
      if (share > 0 && weight > most) [best, most] = [span.state, weight];
    }
    return best === undefined ? ' ' : (paints[best] ?? plain)(SYMBOLS[best]);
  }).join('');
}

function presence(
  spans: readonly Span[],
  scale: Scale,
  symbol: string,
  paint: Paint,
  otherwise = ' ',
): string {
  const cells = Array.from({ length: scale.columns }, () => otherwise);
  for (const { from, to } of spans) {
    const last = columnOf(to - 1, scale);
    for (let column = columnOf(from, scale); column <= last; column++)
      cells[column] = paint(symbol);
  }
  return cells.join('');
}

function wire({ adverts, resignations, announcements }: NodeRecord, scale: Scale): string {
  const cells = Array.from({ length: scale.columns }, () => ' ');
  const put = (times: readonly number[], symbol: string) => {
    for (const at of times) cells[columnOf(at, scale)] = symbol;
  };
  put(adverts, '|');
  put(announcements, '▲');
  put(resignations, '0');
  return cells.join('');
}

/** The number of the director that answered; `!` if two answered in one cell. */
function answers(run: RunRecord, client: string, scale: Scale): string {
  const cells = Array.from({ length: scale.columns }, () => ' ');
  for (const { node, from, to } of answeringIn(run, client)) {
    const symbol = node.slice(2);
    for (let column = columnOf(from, scale); column <= columnOf(to, scale); column++) {
      const known = cells[column];
      cells[column] = known === ' ' || known === symbol ? symbol : '!';
    }
  }
  return cells.join('');
}

function steps({ steps: all }: RunRecord, scale: Scale): string[] {
  return all.map(({ from, text }) => {
    const column = columnOf(Math.max(0, from), scale);
    const words = `${(from / 1_000_000).toFixed(2)} s ${printable(text)}`;
    const before = `${' '.repeat(LABEL_WIDTH + column)}╵`;
    return column + words.length + 1 < scale.columns
      ? `${before} ${words}`
      : `${before.slice(0, Math.max(0, before.length - words.length - 2))}${words} ╵`;
  });
}
