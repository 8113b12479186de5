import { readFileSync } from 'node:fs';

/** Of `package.json`, which lies above the built program. */
export function programVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
