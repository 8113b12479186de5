/** The version in package.json, which is two folders up from the source and three from `dist`. */
import { readFileSync } from 'node:fs';

export function programVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (typeof version === 'string') return version;
    } catch {
      // The file is at the other path.
    }
  }
  return 'unknown';
}
