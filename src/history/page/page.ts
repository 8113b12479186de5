/** The history as one self-contained HTML file: no script, nothing from another place. */
import { escaped } from '../../lab/report/escape.ts';
import type { Downtime } from '../balance.ts';
import type { Move, Outage } from '../moves.ts';
import type { Window } from '../periods.ts';
import type { HistoryReport, InstanceReport } from '../report.ts';
import { instanceSummary, lengthText, missingTexts } from '../words.ts';
import { chart, HALF_WIDTH, instanceChart, type Row, spanText, timeText } from './chart.ts';
import { STYLE } from './style.ts';

/** More of them are in the tables only. */
const ZOOMS_MAX = 8;
const ROWS_MAX = 500;

/** What is shown before and after a change. */
const ZOOM_LEAST_MS = 1_000;

export function renderPage(report: HistoryReport, now: Date): string {
  const { window, directors, instances } = report;
  const names = directors.map(({ history }) => history.router).join(', ');
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>History of ${escaped(names)}</title>`,
    `<style>${STYLE}</style>`,
    `<header><h1>History of ${escaped(names)}</h1>`,
    `<p>${timeText(window.from)} to ${timeText(window.to)} (${lengthText(window.to - window.from)}), all times in UTC</p>`,
    ...notes(report).map((note) => `<p class="note">${escaped(note)}</p>`),
    '</header>',
    '<main>',
    ...instances.map((one) => instanceSection(one, report)),
    balancerSection(report),
    '</main>',
    legend(instances, now),
    '</html>',
    '',
  ].join('\n');
}

function notes({ directors, instances }: HistoryReport): string[] {
  const lines = directors.flatMap(({ history, clock, missing }) => {
    const offset = `${Number(clock.offset_ms.toFixed(1))} ms`;
    return [
      ...(clock.method === 'peer-link' || clock.method === 'transitions'
        ? [
            `The clock of ${history.router} is ${offset} ahead (${clock.method}); its times are corrected.`,
          ]
        : []),
      ...(clock.method === 'none' ? [`The clock of ${history.router} could not be compared.`] : []),
      ...(history.damaged > 0
        ? [`${history.router}: ${history.damaged} damaged lines are left out.`]
        : []),
      ...missingTexts(missing, timeText).map((text) => `${history.router}: ${text}.`),
    ];
  });
  if (directors.length === 1) {
    lines.push(
      'The history of one director: it knows of an outage only while it hears no MASTER. ' +
        'Merge those of all directors for the whole picture.',
    );
  }
  return instances.length === 0 ? [...lines, 'No instance has a history.'] : lines;
}

function instanceSection(instance: InstanceReport, { window, balance }: HistoryReport): string {
  const { name, addresses, changes } = instance;
  const cards = instanceSummary(instance).map(
    ({ label, text, isBad }) =>
      `<div><dt>${escaped(label)}</dt><dd${isBad ? ' class="bad"' : ''}>${escaped(text)}</dd></div>`,
  );
  const draw = (part: Window, width?: number) => {
    const label = `${name}, ${spanText(part.from, part.to)}`;
    const size = width === undefined ? {} : { width };
    return instanceChart(instance, balance.connections, { window: part, label, ...size });
  };
  const zooms = zoomsOf(changes.outages, changes.moves, window).map(
    ({ text, part }) =>
      `<figure><figcaption>${escaped(text)}</figcaption>${draw(part, HALF_WIDTH)}</figure>`,
  );
  return [
    `<section><h2>${escaped(name)}<small>${escaped(addresses.join(', '))}</small></h2>`,
    `<dl>${cards.join('')}</dl>`,
    `<figure>${draw(window)}</figure>`,
    zooms.length === 0
      ? ''
      : `<h3>The latest changes, closer</h3><div class="zooms">${zooms.join('')}</div>`,
    table(
      ['Outage', 'Lasted', 'Kind', 'MASTER', 'Cause'],
      changes.outages.map((one) => [
        ...[timeText(one.from), lengthText(one.to - one.from), tag(one.planned)],
        ...[escaped(`${one.before ?? 'unknown'} → ${one.after ?? 'none'}`), causeText(one)],
      ]),
    ),
    table(
      ['Move', 'Gap', 'Kind', 'MASTER', 'Cause'],
      changes.moves.map((one) => [
        ...[timeText(one.at), one.gap_ms === null ? 'unknown' : lengthText(one.gap_ms)],
        ...[tag(one.planned), escaped(`${one.from} → ${one.to}`), causeText(one)],
      ]),
    ),
    '</section>',
  ].join('\n');
}

/** Outages and unplanned moves; a move that ends an outage is in its picture. */
function zoomsOf(outages: readonly Outage[], moves: readonly Move[], window: Window) {
  const quick = moves.filter(({ gap_ms: gap }) => gap === 0 || gap === null);
  const all = [
    ...outages.map(({ from, to, cause, planned }) => {
      const text = `${planned ? 'planned' : 'unplanned'} outage of ${lengthText(to - from)}, ${cause}`;
      return { from, to, text };
    }),
    ...quick.map(({ at, overlap_ms: both, cause, planned, from, to }) => {
      const text = `${planned ? 'planned' : 'unplanned'} move from ${from} to ${to}, ${cause}`;
      return { from: at, to: at + both, text };
    }),
  ].sort((a, b) => b.from - a.from);
  return all.slice(0, ZOOMS_MAX).map(({ from, to, text }) => {
    const around = Math.max(ZOOM_LEAST_MS, (to - from) * 0.7);
    const part = {
      from: Math.max(window.from, from - around),
      to: Math.min(window.to, to + around),
    };
    return { text: `${timeText(from)}: ${text}`, part };
  });
}

function balancerSection({ balance, window }: HistoryReport): string {
  const { downtimes, connections } = balance;
  if (downtimes.length === 0 && connections.length === 0) return '';
  const down =
    downtimes.length === 0
      ? ''
      : `<figure>${chart(downtimes.map(downRow), { window, label: 'servers that were down' })}</figure>`;
  return [
    '<section><h2>Load balancer</h2>',
    down,
    table(
      ['Down', 'Service', 'Seen by', 'Times', 'In all', 'Not known'],
      downtimes.map(({ server, service, director, times, ms, unknown_ms: unknown }) => [
        ...[escaped(server ?? 'every server'), escaped(service), escaped(director)],
        ...[String(times), lengthText(ms), unknown === 0 ? '' : lengthText(unknown)],
      ]),
    ),
    table(
      ['Connections moved', 'Instance', 'Move', 'Live', 'Lost'],
      connections.map(({ at, instance, director, move, live, lost }) => [
        ...[timeText(at), escaped(instance), escaped(`${move} (${director})`), String(live)],
        lost === null ? 'unknown' : escaped(String(lost)),
      ]),
    ),
    '</section>',
  ].join('\n');
}

function downRow({ director, service, server, spans, unknown }: Downtime): Row {
  const name = server ?? `all of ${service}`;
  return {
    name,
    layers: [
      spans.map(({ from, to }) => {
        const title = `${name} of ${service} down, seen by ${director}: ${spanText(from, to)}`;
        return { from, to, kind: 'lost', title, text: director, least: 1 };
      }),
      unknown.map(({ from, to }) => {
        const title = `${name} of ${service}, not known: ${spanText(from, to)}`;
        return { from, to, kind: 'gone', title, text: '', least: 1 };
      }),
    ],
  };
}

/** Cells are HTML. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const shown = rows.slice(-ROWS_MAX);
  const more =
    shown.length < rows.length
      ? `<p class="note">the latest ${shown.length} of ${rows.length}; all of them: vrrp-agent history --json</p>`
      : '';
  const head = titles.map((title) => `<th scope="col">${title}</th>`).join('');
  const body = shown.map((cells) => {
    const [first = '', second = '', ...others] = cells;
    const tail = others.map((cell) => `<td>${cell}</td>`).join('');
    return `<tr><td class="time">${first}</td><td class="length">${second}</td>${tail}</tr>`;
  });
  return `${more}<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

function tag(planned: boolean): string {
  const word = planned ? 'planned' : 'unplanned';
  return `<span class="tag ${word}">${word}</span>`;
}

function causeText({ cause, reason }: { readonly cause: string; readonly reason: string }): string {
  return escaped(reason === '' || reason === cause ? cause : `${cause}: ${reason}`);
}

function legend(instances: readonly InstanceReport[], now: Date): string {
  const directors = [
    ...new Set(instances.flatMap(({ lanes }) => lanes.map((one) => one.director))),
  ];
  const entries: readonly (readonly [string, string])[] = [
    ...directors
      .slice(0, 4)
      .map((name, index): [string, string] => [`h${index}`, `VIPs at ${name}`]),
    ['another', 'VIPs at a director whose history is not here'],
    ['lost', 'unplanned outage, server down'],
    ['rest', 'planned outage'],
    ...(['MASTER', 'BACKUP', 'FAULT', 'INIT'] as const).map((name): [string, string] => [
      name,
      name,
    ]),
    ['down', 'agent stopped'],
    ['gone', 'agent ended without stopping; of servers: not known'],
  ];
  const swatches = entries.map(
    ([kind, text]) => `<span><i class="swatch ${kind}"></i>${escaped(text)}</span>`,
  );
  return (
    `<footer><p>${swatches.join(' ')}</p><p>Triangles: connections that were lost. Point at a box for its times. ` +
    `Availability is MTBF / (MTBF + MTTR) of unplanned outages. Written ${now.toISOString()} by vrrp-agent.</p></footer>`
  );
}
