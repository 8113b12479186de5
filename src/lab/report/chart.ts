/**
 * One run as SVG. Each director has three lanes: its state, when it had the address, and what it sent.
 * Below are the clients' lanes; steps are lines across all lanes.
 */
import type { NodeRecord, RunRecord, Span } from '../judge/record.ts';
import { overlay } from '../judge/spans.ts';
import { answeringIn, clientsOf } from './answering.ts';
import { escaped } from './escape.ts';
import { tickStep } from './report.ts';

const WIDTH = 1_000;
const LEFT = 92;
const RIGHT = 10;
const AXIS = 22;
const STATE = 20;
const HAS = 8;
const WIRE = 16;
const GAP = 16;
const CLIENT = 14;
const STEP_ROW = 14;

/** Strokes closer than this cannot be distinguished. */
const STROKE_APART = 1.2;

export function renderChart(run: RunRecord, label: string): string {
  const x = (at: number) =>
    LEFT + (Math.min(Math.max(at, 0), run.duration) / run.duration) * (WIDTH - LEFT - RIGHT);
  const rows = stepRows(run, x);
  const top = AXIS + Math.max(1, rows.count) * STEP_ROW + 6;
  const nodeHeight = STATE + HAS + WIRE + GAP;
  const clientTop = top + run.nodes.length * nodeHeight;
  const clients = clientsOf(run);
  const probesTop = clientTop + clients.length * (CLIENT + 6);
  const height = probesTop + run.probes.length * (CLIENT + 6) + 6;
  const parts = [
    grid(run.duration, x, height),
    ...twoOwners(run, top, clientTop, x),
    ...run.nodes.map((node, at) => nodeLanes(node, top + at * nodeHeight, x)),
    ...clients.map((client, at) => answerLane(run, client, clientTop + at * (CLIENT + 6), x)),
    ...run.probes.map(({ client, type, outages }, at) =>
      clientLane(`${client} ${type}`, outages, probesTop + at * (CLIENT + 6), x, run.duration),
    ),
    rows.draw(top, height),
  ];
  const box = `viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(label)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${box}>${parts.join('')}</svg>`;
}

type Place = (at: number) => number;

function grid(duration: number, x: Place, height: number): string {
  const step = tickStep(duration, 8);
  const lines: string[] = [];
  for (let at = 0; at <= duration; at += step) {
    const text = `${Number((at / 1_000_000).toFixed(3))} s`;
    const anchor = at + step > duration && at === duration ? 'end' : 'middle';
    lines.push(
      `<line class="grid" x1="${n(x(at))}" x2="${n(x(at))}" y1="${AXIS - 6}" y2="${height}"/>`,
      `<text class="faint" x="${n(x(at))}" y="12" text-anchor="${anchor}">${text}</text>`,
    );
  }
  return lines.join('');
}

/** A planned failover has two owners for a moment too short to see. */
const TOO_SHORT = 400;

function twoOwners(run: RunRecord, top: number, bottom: number, x: Place): string[] {
  const levels = overlay(
    run.nodes.map(({ holds }) => holds),
    { from: 0, to: run.duration },
  );
  return levels
    .filter(({ from, to, on }) => on.length > 1 && to - from > run.duration / TOO_SHORT)
    .map(({ from, to }) => {
      const box = rectangle('dual', from, to, top - 3, bottom - top - 2, x, 'two owners');
      const fits = x(to) - x(from) > 80;
      const words = `<text class="dualtext" x="${n(x(from) + 5)}" y="${bottom - 6}">two owners</text>`;
      return fits ? `${box}${words}` : box;
    });
}

function nodeLanes(node: NodeRecord, top: number, x: Place): string {
  const { name, agent, priority } = node;
  const states = node.states.map(({ from, to, state }) => {
    const box = rectangle(state, from, to, top, STATE, x, `${name} ${state}`);
    const fits = x(to) - x(from) > state.length * 7 + 6;
    const words = fits
      ? `<text class="inlane ${state}" x="${n(x(from) + 5)}" y="${top + 14}">${state}</text>`
      : '';
    return `${box}${words}`;
  });
  const holds = node.holds.map(({ from, to }) =>
    rectangle('has', from, to, top + STATE + 2, HAS - 3, x, `${name} has the address`),
  );
  const wire = top + STATE + HAS;
  const strokes = apart(node.adverts, x).map(
    (at) => `<line class="advert" x1="${at}" x2="${at}" y1="${wire + 2}" y2="${wire + WIRE - 5}"/>`,
  );
  const triangles = apart(node.announcements, x).map(
    (at) => `<path class="garp" d="M${at} ${wire + 4}l4 8h-8z"/>`,
  );
  const byes = apart(node.resignations, x).map(
    (at) => `<path class="bye" d="M${at} ${wire + 2}l4 5l-4 5l-4 -5z"/>`,
  );
  return [
    `<text class="name" x="0" y="${top + 14}">${escaped(name)}</text>`,
    `<text class="faint" x="0" y="${top + 28}">${escaped(agent)}</text>`,
    `<text class="faint" x="0" y="${top + 41}">priority ${priority}</text>`,
    ...states,
    ...holds,
    ...strokes,
    ...triangles,
    ...byes,
  ].join('');
}

/** Which director answers the client; boxes of later directors are lower, so that both show. */
function answerLane(run: RunRecord, client: string, top: number, x: Place): string {
  const boxes = answeringIn(run, client).map(({ node, from, to }) => {
    const row = run.nodes.findIndex(({ name }) => name === node);
    const y = top + (row * 3) / Math.max(1, run.nodes.length - 1);
    const box = rectangle('answers', from, to, y, CLIENT - 3, x, `${node} answers ${client}`, 1.5);
    const fits = x(to) - x(from) > 30;
    return fits
      ? `${box}<text class="inlane" x="${n(x(from) + 5)}" y="${y + 9}">${node}</text>`
      : box;
  });
  return `<text class="name" x="0" y="${top + 11}">${client} →</text>${boxes.join('')}`;
}

function clientLane(
  label: string,
  outages: readonly Span[],
  top: number,
  x: Place,
  duration: number,
): string {
  const lost = outages.map(({ from, to }) => {
    const length = `${((to - from) / 1_000).toFixed(1)} ms`;
    const box = rectangle('lost', from, to, top, CLIENT, x, `no answer for ${length}`, 1.5);
    const fits = x(to) - x(from) > 60;
    return fits
      ? `${box}<text class="inlane" x="${n(x(from) + 5)}" y="${top + 11}">${length}</text>`
      : box;
  });
  return [
    `<text class="name" x="0" y="${top + 11}">${label}</text>`,
    rectangle('asked', 0, duration, top, CLIENT, x, 'answered'),
    ...lost,
  ].join('');
}

/** Labels of steps that are close together go on separate rows. */
function stepRows({ steps }: RunRecord, x: Place) {
  const ends: number[] = [];
  const placed = steps.map((step) => {
    const text = `${(step.from / 1_000_000).toFixed(2)} s ${step.text}`;
    const width = text.length * 6.1 + 8;
    const at = x(step.from);
    const isLate = at + width > WIDTH;
    const [begin, end] = isLate ? [at - width, at] : [at, at + width];
    const found = ends.findIndex((taken) => taken < begin);
    const row = found < 0 ? ends.length : found;
    ends[row] = Math.max(ends[row] ?? 0, end);
    return { step, text, at, row, isLate };
  });
  const draw = (top: number, height: number) =>
    placed
      .map(({ step, text, at, row, isLate }) => {
        const y = AXIS + row * STEP_ROW + 8;
        const anchor = isLate ? ' text-anchor="end"' : '';
        const lasting =
          step.to > step.from
            ? rectangle('lasting', step.from, step.to, top, height - top, x, text)
            : '';
        return [
          lasting,
          `<line class="step" x1="${n(at)}" x2="${n(at)}" y1="${y - 8}" y2="${height}"/>`,
          `<text class="steptext" x="${n(at + (isLate ? -4 : 4))}" y="${y}"${anchor}>${escaped(text)}</text>`,
        ].join('');
      })
      .join('');
  return { count: ends.length, draw };
}

function rectangle(
  kind: string,
  from: number,
  to: number,
  y: number,
  height: number,
  x: Place,
  title: string,
  least = 0.5,
): string {
  const width = Math.max(least, x(to) - x(from));
  const words = `${title}, ${(from / 1_000_000).toFixed(3)} to ${(to / 1_000_000).toFixed(3)} s`;
  return (
    `<rect class="${kind}" x="${n(x(from))}" y="${y}" width="${n(width)}" height="${height}" rx="2">` +
    `<title>${escaped(words)}</title></rect>`
  );
}

function apart(times: readonly number[], x: Place): string[] {
  let last = Number.NEGATIVE_INFINITY;
  return times.flatMap((at) => {
    const place = x(at);
    if (place - last < STROKE_APART) return [];
    last = place;
    return [n(place)];
  });
}

function n(value: number): string {
  return value.toFixed(1);
}
