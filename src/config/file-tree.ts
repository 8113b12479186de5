/** The files of this host, for `include`. */
import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readText } from './read-text.ts';
import type { FileTree } from './text/include.ts';

const WILDCARD = /[*?]/;

export const FILE_TREE: FileTree = {
  match(pattern, from) {
    const path = pattern.startsWith('/') ? pattern : join(dirname(from), pattern);
    const directory = dirname(path);
    const name = basename(path);
    if (WILDCARD.test(directory)) throw new Error('only the last part may have * or ?');
    if (!WILDCARD.test(name)) return [path];
    const expression = expressionOf(name);
    return readdirSync(directory)
      .filter((one) => expression.test(one) && (name.startsWith('.') || !one.startsWith('.')))
      .sort()
      .map((one) => join(directory, one));
  },
  identity(file) {
    try {
      return realpathSync(file);
    } catch {
      // Reading it reports why.
      return file;
    }
  },
  read: readText,
};

/** As in glob(7), without sets of characters. */
function expressionOf(name: string): RegExp {
  const parts = [...name].map((one) => {
    if (one === '*') return '.*';
    return one === '?' ? '.' : one.replace(/[\\^$.|+()[\]{}]/, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'su');
}
