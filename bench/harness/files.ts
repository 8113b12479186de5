/** Where results are kept: the newest in bench/results, its table in bench/README.md as well. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { builtProgram } from '../../src/lab/program.ts';
import { chartOf } from './chart.ts';
import { type Results, reportOf } from './report.ts';

const BEGIN = '<!-- newest results: written by npm run bench -->';
const END = '<!-- end of results -->';

/** The package's, seen from its compiled form. */
export function benchFolder(): string {
  return join(dirname(builtProgram('bench/main.js')), '..', '..', 'bench');
}

export function keptResults(): Results | undefined {
  try {
    return JSON.parse(
      readFileSync(join(benchFolder(), 'results', 'latest.json'), 'utf8'),
    ) as Results;
  } catch {
    return undefined;
  }
}

export function keep(results: Results): void {
  const kept = join(benchFolder(), 'results');
  mkdirSync(kept, { recursive: true });
  const report = reportOf(results);
  writeFileSync(join(kept, 'latest.json'), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(join(kept, 'latest.md'), `# Newest results\n\n${report}`);
  writeFileSync(join(kept, 'chart.svg'), chartOf(results));
  const readme = join(benchFolder(), 'README.md');
  writeFileSync(readme, withReport(readFileSync(readme, 'utf8'), report));
}

/** The text with the report between its marks; without marks it stays as it is. */
export function withReport(text: string, report: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) return text;
  return `${text.slice(0, begin)}${BEGIN}\n\n${report}\n${text.slice(end)}`;
}
