/** The report as one self-contained HTML file. */
import type { RunRecord, Verdict } from '../judge/record.ts';
import { renderChart } from './chart.ts';
import { escaped } from './escape.ts';
import { STYLE } from './html-style.ts';
import {
  type ContenderReport,
  type LabReport,
  milliseconds,
  NUMBERS,
  type ScenarioReport,
  shownRun,
  statisticOf,
  statisticText,
} from './report.ts';

export function renderHtml(report: LabReport): string {
  const { scenarios } = report;
  const failed = scenarios.filter(({ holds }) => !holds).length;
  const summary =
    failed === 0 ? `all ${scenarios.length} hold` : `${failed} of ${scenarios.length} fail`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Failover lab: ${summary}</title>`,
    `<style>${STYLE}</style>`,
    `<header><h1>Failover lab</h1><p>${badge(report.holds, summary)}</p>`,
    scenarios.length > 1 ? contents(scenarios) : '',
    '</header>',
    '<main>',
    ...scenarios.map(section),
    '</main>',
    legend(),
    '</html>',
    '',
  ].join('\n');
}

function contents(scenarios: readonly ScenarioReport[]): string {
  const items = scenarios.map(
    ({ name, title, holds }) =>
      `<li>${mark(holds)} <a href="#${escaped(name)}">${escaped(name)}</a> <span>${escaped(title)}</span></li>`,
  );
  return `<nav><ol>${items.join('')}</ol></nav>`;
}

function section(scenario: ScenarioReport): string {
  const { name, title, story, references, contenders, watched } = scenario;
  return [
    `<section id="${escaped(name)}">`,
    `<h2>${escaped(title)} ${badge(scenario.holds, scenario.holds ? 'holds' : 'fails')}</h2>`,
    `<p class="what"><code>${escaped(name)}</code> watched: ${escaped(watched.address)}, VRID ${watched.vrid}</p>`,
    story === '' ? '' : `<p class="story">${escaped(story)}</p>`,
    references.length === 0 ? '' : `<p class="references">${escaped(references.join(' · '))}</p>`,
    ...contenders.map((one) => contenderPart(scenario, one)),
    contenders.length > 1 ? comparison(contenders) : '',
    '</section>',
  ].join('\n');
}

function contenderPart(scenario: ScenarioReport, contender: ContenderReport): string {
  const run = shownRun(contender);
  const { runs, is_comparison, agent } = contender;
  const held = runs.filter(({ holds }) => holds).length;
  const which =
    runs.length > 1
      ? ` <small>${held} of ${runs.length} runs hold; shown: run ${
          run === undefined ? '' : runs.indexOf(run) + 1
        }</small>`
      : '';
  if (run === undefined) return '<p>not run</p>';
  const programs = [...new Set(run.nodes.map((node) => node.agent))].join(' and ');
  const name = is_comparison ? `for comparison: ${agent}` : programs;
  return [
    '<article>',
    `<h3>${escaped(name)} ${mark(contender.holds)}${which}</h3>`,
    `<figure>${renderChart(run, `${scenario.title}: ${name}`)}</figure>`,
    verdictTable(run.verdicts),
    numbers(contender),
    `<p class="footing">${escaped(footing(run))}</p>`,
    '</article>',
  ].join('\n');
}

function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(
    ({ holds, expectation, seen, why }) =>
      `<tr class="${holds ? 'holds' : 'fails'}"><td>${mark(holds)}</td><th scope="row">${escaped(
        expectation,
      )}${why === '' ? '' : `<small>${escaped(why)}</small>`}</th><td>${escaped(seen)}</td></tr>`,
  );
  const head = '<tr><td></td><th scope="col">expected</th><th scope="col">seen</th></tr>';
  return `<table class="verdicts"><thead>${head}</thead><tbody>${rows.join('')}</tbody></table>`;
}

function numbers({ runs }: ContenderReport): string {
  const parts = NUMBERS.flatMap(({ key, label, isTime }) => {
    const statistic = statisticOf(runs, key);
    if (statistic === undefined) return [];
    return [
      `<div><dt>${label}</dt><dd>${statisticText(statistic, isTime, runs.length)}</dd></div>`,
    ];
  });
  return `<dl>${parts.join('')}</dl>`;
}

function comparison(contenders: readonly ContenderReport[]): string {
  const names = contenders.map(({ agent, is_comparison, runs }) =>
    is_comparison ? agent : [...new Set(runs[0]?.nodes.map((node) => node.agent))].join(' and '),
  );
  const head = names.map((name) => `<th scope="col">${escaped(name)}</th>`).join('');
  const rows = NUMBERS.map(({ key, label, isTime }) => {
    const cells = contenders.map(({ runs }) => {
      const statistic = statisticOf(runs, key);
      const text = statistic === undefined ? '' : statisticText(statistic, isTime, runs.length);
      return `<td>${text}</td>`;
    });
    return `<tr><th scope="row">${label}</th>${cells.join('')}</tr>`;
  });
  return `<table class="comparison"><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function footing(run: RunRecord): string {
  const { resolution, settled_after, streams } = run;
  const parts = [
    `started ${run.started_at}`,
    ...(resolution === null
      ? []
      : [
          `probe interval ${milliseconds(resolution.median)} ` +
            `(p99 ${milliseconds(resolution.p99)}, max ${milliseconds(resolution.max)}), ` +
            'which is the precision of all times',
        ]),
    ...streams.map(({ client, fate }) => `TCP stream of ${client}: ${fate}`),
    `set-up ${milliseconds(run.set_up)}, tear-down ${milliseconds(run.tear_down)}`,
    settled_after === null ? 'not settled' : `settled in ${milliseconds(settled_after)}`,
  ];
  return parts.join(' · ');
}

function badge(holds: boolean, text: string): string {
  return `<span class="badge ${holds ? 'holds' : 'fails'}">${escaped(text)}</span>`;
}

function mark(holds: boolean): string {
  return holds
    ? '<span class="mark holds" aria-label="holds">✓</span>'
    : '<span class="mark fails" aria-label="fails">✗</span>';
}

function legend(): string {
  const entries: readonly (readonly [string, string])[] = [
    ['MASTER', 'MASTER'],
    ['BACKUP', 'BACKUP'],
    ['FAULT', 'FAULT'],
    ['INIT', 'INIT'],
    ['hung', 'hung or frozen'],
    ['down', 'down or crashed'],
  ];
  const swatches = entries.map(
    ([state, label]) => `<span><i class="swatch ${state}"></i>${label}</span>`,
  );
  return [
    '<footer>',
    `<p>${swatches.join(' ')} <span><i class="swatch has"></i>has the address</span></p>`,
    '<p>Strokes: advertisements (◆ priority 0). Triangles: gratuitous ARP and unsolicited Neighbor ',
    'Advertisements. Client lanes: → the director that answers ARP requests; red: requests without an ',
    'answer. All times come from one capture, with the time stamps of one kernel.</p>',
    '</footer>',
  ].join('');
}
