/** Finds and reads the files of an `include`. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readStart } from '../../../files/regular-file.ts';
import type { IncludedFile } from './lexer.ts';

const BYTES_MAX = 16 * 1024 * 1024;

/** Relative to the including file; the last part of the path may contain `*`, `?` and `{a,b}`. */
export function includedFiles(pattern: string, from: string): IncludedFile[] {
  const found = alternatives(pattern).flatMap((one) => matching(resolve(dirname(from), one)));
  if (found.length === 0) throw new Error('no such file');
  return found.map((file) => ({ file, text: readStart(file, BYTES_MAX).toString('utf8') }));
}

/** `a{b,c}` is ab and ac. */
function alternatives(pattern: string): string[] {
  const [, before = '', inside = '', after = ''] = /^([^{]*)\{([^{}]*)\}(.*)$/.exec(pattern) ?? [];
  if (inside === '') return [pattern];
  return inside.split(',').flatMap((one) => alternatives(`${before}${one}${after}`));
}

function matching(path: string): string[] {
  const folder = dirname(path);
  const expression = expressionOf(basename(path));
  const names = readdirSync(folder).filter((name) => expression.test(name));
  return names.sort().map((name) => join(folder, name));
}

function expressionOf(name: string): RegExp {
  const escaped = name.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
