/** The findings of `compare`: one line says what is wrong, two show the values. */
import type { Both, ConfigurationFinding } from '../compare/finding.ts';
import { fitted, type Palette, printable } from '../terminal/text.ts';

/** A whole service would not be read. */
const VALUE_WIDTH = 200;

export function renderComparison(
  findings: readonly ConfigurationFinding[],
  names: Both<string>,
  palette: Palette,
): string {
  const errors = findings.filter(({ level }) => level === 'error');
  const warnings = findings.filter(({ level }) => level === 'warning');
  const verdict =
    errors.length === 0
      ? palette.good(`${printable(names.here)} and ${printable(names.there)} fit`)
      : palette.bad(`${printable(names.here)} and ${printable(names.there)} do not fit`);
  const counts = `${errors.length} errors, ${warnings.length} warnings`;
  const lines = [...errors, ...warnings].map((one) => findingText(one, names, palette));
  return `${lines.join('')}${verdict} (${counts})\n`;
}

function findingText(finding: ConfigurationFinding, names: Both<string>, palette: Palette): string {
  const { level, path, here, there } = finding;
  const paint = level === 'error' ? palette.bad : palette.notable;
  const title = paint(printable(`${level}: ${path} ${ruleText(finding, names)}`));
  if (finding.rule === 'only-here' || finding.rule === 'only-there') return `${title}\n`;
  const width = Math.max(names.here.length, names.there.length);
  const row = (name: string, value: unknown) =>
    `  ${printable(name).padEnd(width)}  ${printable(fitted(valueText(value), VALUE_WIDTH))}\n`;
  return `${title}\n${row(names.here, here)}${row(names.there, there)}`;
}

function ruleText({ rule, level }: ConfigurationFinding, names: Both<string>): string {
  switch (rule) {
    case 'equal':
      return level === 'error' ? 'has to be equal' : 'should be equal';
    case 'different':
      return 'has to be different';
    case 'mutual':
      return 'lacks the source of the other director';
    case 'only-here':
      return `is only on ${names.here}`;
    case 'only-there':
      return `is only on ${names.there}`;
  }
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
