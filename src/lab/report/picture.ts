/** One run as a file of its own, SVG, in the colours of the reader. */
import type { RunRecord } from '../judge/record.ts';
import { renderChart } from './chart.ts';
import { PICTURE_STYLE } from './html-style.ts';

export function renderPicture(run: RunRecord, label: string): string {
  const chart = renderChart(run, label);
  const begin = chart.indexOf('>') + 1;
  const style = `<style>${PICTURE_STYLE.replaceAll('\n', '')}</style>`;
  const paper = '<rect class="paper" width="100%" height="100%"/>';
  return `${chart.slice(0, begin)}${style}${paper}${chart.slice(begin)}\n`;
}
