/** The version in package.json, which lies two folders up in the source and three in `dist`. */
import { readFileSync } from 'node:fs';

export function programVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (typeof version === 'string') return version;
    } catch {
      // Not there: the other place.
    }
  }
  return 'unknown';
}
