/**
 * The newest results as a bar chart. Each row has its own scale, which the longer bar fills. It shows
 * every row that has a bar to reach and values of both programs.
 */
import { escaped } from '../../src/lab/report/escape.ts';
import type { Results } from './report.ts';
import { CONTENDERS, type Row } from './row.ts';
import { median } from './statistics.ts';

const WIDTH = 900;
const LABEL = 430;
const VALUE = 96;
const TITLE_HEIGHT = 26;
const ROW_HEIGHT = 26;
const TOP = 34;

const STYLE =
  'text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:#1c2330}' +
  '.title{font-weight:600}.value{font-size:10px}.us{fill:#17845a}.them{fill:#98a2b3}.line{stroke:#d5dae3}' +
  '@media(prefers-color-scheme:dark){text{fill:#e6e9f0}.us{fill:#2fb380}.them{fill:#667085}' +
  '.line{stroke:#343c4b}}';

export function chartOf({ scenarios }: Results): string {
  const parts: string[] = [];
  let y = TOP;
  for (const { title, rows } of scenarios) {
    const shown = rows.filter(isComparison);
    if (shown.length === 0) continue;
    parts.push(
      `<line class="line" x1="0" x2="${WIDTH}" y1="${y}" y2="${y}"/>`,
      `<text class="title" x="0" y="${y + 18}">${escaped(title)}</text>`,
    );
    y += TITLE_HEIGHT;
    for (const row of shown) {
      parts.push(rowOf(row, y));
      y += ROW_HEIGHT;
    }
    y += 6;
  }
  const label = 'vrrp-agent and keepalived side by side; shorter is better';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${label}">`,
    `<style>${STYLE}</style>`,
    '<rect class="us" x="0" y="6" width="12" height="12" rx="2"/><text x="18" y="16">vrrp-agent</text>',
    '<rect class="them" x="106" y="6" width="12" height="12" rx="2"/><text x="124" y="16">keepalived</text>',
    '<text x="210" y="16">medians; each row has its own scale; shorter is better</text>',
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function isComparison({ bars, samples }: Row): boolean {
  const values = CONTENDERS.map((name) => median(samples[name]));
  return bars.length > 0 && values.every((value) => value !== undefined && value >= 0);
}

function rowOf({ what, unit, samples }: Row, y: number): string {
  const values = CONTENDERS.map((name) => median(samples[name]) ?? 0);
  const longest = Math.max(...values) || 1;
  const bars = values.map((value, at) => {
    const top = y + 2 + at * 10;
    const width = Math.max(1, (value / longest) * (WIDTH - LABEL - VALUE));
    const text = `${shown(value)}${unit === '' ? '' : ` ${unit}`}`;
    return (
      `<rect class="${at === 0 ? 'us' : 'them'}" x="${LABEL}" y="${top}" width="${width.toFixed(1)}" height="9" rx="1"/>` +
      `<text class="value" x="${(LABEL + width + 5).toFixed(1)}" y="${top + 8}">${text}</text>`
    );
  });
  return `<text x="12" y="${y + 16}">${escaped(shortened(what))}</text>${bars.join('')}`;
}

function shown(value: number): string {
  return value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(2);
}

function shortened(text: string): string {
  return text.length <= 68 ? text : `${text.slice(0, 67)}…`;
}
