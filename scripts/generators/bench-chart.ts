/** `bench/results/chart.svg`: the newest results as a picture, from their JSON. */
import { readFileSync } from 'node:fs';
import { chartOf } from '../../bench/harness/chart.ts';
import type { Results } from '../../bench/harness/report.ts';

export const path = 'bench/results/chart.svg';

export function generate(): string {
  return chartOf(JSON.parse(readFileSync('bench/results/latest.json', 'utf8')) as Results);
}
