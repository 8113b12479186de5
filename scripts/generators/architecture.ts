/** Keeps the line ranges in ARCHITECTURE.md: "`src/a.ts` (`symbol`, 12–34)". The rest is written by hand. */
import { readFileSync } from 'node:fs';

export const path = 'ARCHITECTURE.md';

const REFERENCE = /`(?<file>[\w./-]+\.ts)` \(`(?<symbol>#?\w+)`, \d+–\d+\)/g;

export function generate(): string {
  return readFileSync(path, 'utf8').replaceAll(REFERENCE, (_, file: string, symbol: string) => {
    const { first, last } = rangeOf(file, symbol);
    return `\`${file}\` (\`${symbol}\`, ${first}–${last})`;
  });
}

/** Of a function or a method, from 1, as the formatter indents it. Throws where the file has none. */
function rangeOf(file: string, symbol: string): { readonly first: number; readonly last: number } {
  const lines = readFileSync(file, 'utf8').split('\n');
  const definition = new RegExp(
    `^( *)(export )?(private )?(readonly )?(async )?(function )?${symbol}(<.*>)?( = )?\\(`,
  );
  const start = lines.findIndex((line) => definition.test(line) && !line.trimEnd().endsWith(';'));
  if (start < 0)
    throw new Error(`${path} names \`${symbol}\` of ${file}, which has no such function`);
  const indent = lines[start]?.match(/^ */)?.[0] ?? '';
  const end = lines.findIndex(
    (line, at) =>
      at > start && /^ *\}/.test(line) && line.startsWith(`${indent}}`) && !/^ *\}.*\{$/.test(line),
  );
  return { first: start + 1, last: end + 1 };
}
