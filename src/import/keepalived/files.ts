/** Finds and reads the files of an `include`. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readStart } from '../../files/regular-file.ts';
import type { IncludedFile } from './parser.ts';

const BYTES_MAX = 16 * 1024 * 1024;

/** Relative to the including file; the last part of the path may contain `*` and `?`. */
export function includedFiles(pattern: string, from: string): IncludedFile[] {
  const path = resolve(dirname(from), pattern);
  const folder = dirname(path);
  const expression = expressionOf(basename(path));
  const names = readdirSync(folder)
    .filter((name) => expression.test(name))
    .sort();
  if (names.length === 0) throw new Error('no such file');
  return names.map((name) => ({
    file: join(folder, name),
    text: readStart(join(folder, name), BYTES_MAX).toString('utf8'),
  }));
}

function expressionOf(name: string): RegExp {
  const escaped = name.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
