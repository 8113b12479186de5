/** The timeline of one instance as SVG: who has the VIPs, then the state of each director. */
import { escaped } from '../../lab/report/escape.ts';
import type { MovedConnections } from '../balance.ts';
import type { Outage } from '../moves.ts';
import { ANOTHER, type Period, type Window } from '../periods.ts';
import type { InstanceReport } from '../report.ts';
import { lengthText } from '../words.ts';
import { ticksOf } from './axis.ts';

/** Of a chart over the whole page, and of one that has half of it. */
const WIDTH = 1_000;
export const HALF_WIDTH = 560;
const LEFT = 96;
const RIGHT = 8;
const AXIS = 20;
const LANE = 20;
const GAP = 8;

/** Half of the label of a tick. */
const LABEL = 36;

/** Boxes that are narrower and follow each other cannot be told apart. */
const NARROW = 0.4;

/** So that an outage of seconds is seen in a month. */
const OUTAGE_LEAST = 2;

export interface Row {
  readonly name: string;
  /** Later ones cover earlier ones; the boxes of each are in order. */
  readonly layers: readonly (readonly Box[])[];
  /** Triangles on the lane. */
  readonly marks?: readonly { readonly at: number; readonly title: string }[];
}

interface Box {
  readonly from: number;
  readonly to: number;
  readonly kind: string;
  readonly title: string;
  /** In the box, where it fits. */
  readonly text?: string;
  readonly least?: number;
}

/** A window and how it is drawn. */
export interface View {
  readonly window: Window;
  readonly label: string;
  readonly width?: number;
}

export function instanceChart(
  instance: InstanceReport,
  moved: readonly MovedConnections[],
  view: View,
): string {
  const { window } = view;
  return chart([holderRow(instance, moved, window), ...stateRows(instance, window)], view);
}

export function chart(rows: readonly Row[], { window, label, width = WIDTH }: View): string {
  const x = (at: number) => {
    const inside = Math.min(Math.max(at, window.from), window.to);
    return LEFT + ((inside - window.from) / (window.to - window.from)) * (width - LEFT - RIGHT);
  };
  const height = AXIS + rows.length * (LANE + GAP);
  const lines = ticksOf(window, Math.round(width / 110)).map(({ at, text }) => {
    const place = n(x(at));
    const anchor = x(at) > width - LABEL ? 'end' : 'middle';
    return (
      `<line class="grid" x1="${place}" x2="${place}" y1="${AXIS - 5}" y2="${height}"/>` +
      `<text class="faint" x="${place}" y="11" text-anchor="${anchor}">${text}</text>`
    );
  });
  const lanes = rows.map((row, index) => lane(row, AXIS + index * (LANE + GAP), window, x));
  const box = `viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box}>${lines.join('')}${lanes.join('')}</svg>`;
}

type Place = (at: number) => number;

function lane({ name, layers, marks = [] }: Row, top: number, window: Window, x: Place): string {
  const shown = layers.flatMap((boxes) => layer(boxes, top, x));
  const triangles = marks
    .filter(({ at }) => at >= window.from && at <= window.to)
    .map(
      ({ at, title }) =>
        `<path class="lost" d="M${n(x(at) - 5)} ${top - 4}h10l-5 9z"><title>${escaped(title)}</title></path>`,
    );
  const words = `<text class="name" x="0" y="${top + 14}">${escaped(shortened(name))}</text>`;
  return `${words}${shown.join('')}${triangles.join('')}`;
}

function layer(boxes: readonly Box[], top: number, x: Place): string[] {
  let drawnTo = Number.NEGATIVE_INFINITY;
  return boxes.flatMap((box) => {
    const [left, right] = [x(box.from), x(box.to)];
    if (right - left < NARROW && right - drawnTo < NARROW) return [];
    const width = Math.max(right - left, box.least ?? NARROW);
    drawnTo = left + width;
    return [rectangle(box, left, width, top)];
  });
}

function rectangle({ kind, title, text = '' }: Box, left: number, width: number, top: number) {
  const box =
    `<rect class="${escaped(kind)}" x="${n(left)}" y="${top}" width="${n(width)}" height="${LANE}" rx="2">` +
    `<title>${escaped(title)}</title></rect>`;
  if (text === '' || width < text.length * 7 + 8) return box;
  const shade = kind === 'BACKUP' || kind === 'INIT' ? ' dark' : '';
  return `${box}<text class="inlane${shade}" x="${n(left + 5)}" y="${top + 14}">${escaped(text)}</text>`;
}

function holderRow(
  instance: InstanceReport,
  moved: readonly MovedConnections[],
  window: Window,
): Row {
  const { periods, changes, lanes } = instance;
  const directors = lanes.map(({ director }) => director);
  const held = within(periods, window)
    .filter(({ kind }) => kind === 'served')
    .map((period): Box => holderBox(period, directors));
  const marks = moved
    .filter(({ instance: name, lost }) => name === instance.name && lost !== 0)
    .map(({ at, live, lost }) => ({
      at,
      title: `${lost ?? 'an unknown number'} of ${live} connections lost, ${timeText(at)}`,
    }));
  return { name: 'VIPs at', layers: [held, within(changes.outages, window).map(outageBox)], marks };
}

function holderBox({ from, to, holders }: Period, directors: readonly string[]): Box {
  const name = holders.join(' and ');
  const position = directors.indexOf(holders[0] ?? '');
  const kind = name === ANOTHER || position < 0 ? 'another' : `h${position % 4}`;
  return { from, to, kind, text: name, title: `${name}: ${spanText(from, to)}` };
}

function outageBox({ from, to, planned, cause }: Outage): Box {
  const title = `${planned ? 'planned' : 'unplanned'} outage, ${cause}: ${spanText(from, to)}`;
  const kind = planned ? 'rest' : 'lost';
  return { from, to, kind, title, text: lengthText(to - from), least: OUTAGE_LEAST };
}

/** Those that the window shows a part of. */
function within<Span extends Window>(spans: readonly Span[], { from, to }: Window): Span[] {
  return spans.filter((span) => span.to > from && span.from < to);
}

function stateRows({ lanes }: InstanceReport, window: Window): Row[] {
  return lanes.map(({ director, spans }) => ({
    name: director,
    layers: [
      within(spans, window).map(({ from, to, state, reason }) => {
        const why = reason === '' ? '' : `, ${reason}`;
        return {
          from,
          to,
          kind: state,
          text: state,
          title: `${state}${why}: ${spanText(from, to)}`,
        };
      }),
    ],
  }));
}

export function spanText(from: number, to: number): string {
  return `${timeText(from)}, ${lengthText(to - from)}`;
}

/** In UTC. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace('T', ' ');
}

function shortened(name: string): string {
  return name.length > 14 ? `${name.slice(0, 13)}…` : name;
}

function n(value: number): string {
  return value.toFixed(1);
}
