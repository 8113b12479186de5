/** Saves results in bench/results, and their table in bench/README.md. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { builtProgram } from '../../src/lab/program.ts';
import { chartOf } from './chart.ts';
import { type Results, reportOf } from './report.ts';

const BEGIN = '<!-- newest results: written by npm run bench -->';
const END = '<!-- end of results -->';

/** The folder in the repository, found from the compiled program. */
export function benchFolder(): string {
  return join(dirname(builtProgram('bench/main.js')), '..', '..', 'bench');
}

export function savedResults(): Results | undefined {
  try {
    return JSON.parse(
      readFileSync(join(benchFolder(), 'results', 'latest.json'), 'utf8'),
    ) as Results;
  } catch {
    return undefined;
  }
}

export function save(results: Results): void {
  const folder = join(benchFolder(), 'results');
  mkdirSync(folder, { recursive: true });
  const report = reportOf(results);
  writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(join(folder, 'latest.md'), `# Newest results\n\n${report}`);
  writeFileSync(join(folder, 'chart.svg'), chartOf(results));
  const readme = join(benchFolder(), 'README.md');
  writeFileSync(readme, withReport(readFileSync(readme, 'utf8'), report));
}

/** Puts the report between its marks; a text without marks is unchanged. */
export function withReport(text: string, report: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) return text;
  return `${text.slice(0, begin)}${BEGIN}\n\n${report}\n${text.slice(end)}`;
}
