/** The scenarios that come with the program. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../../files/package-files.ts';

/** Their files, by name. */
export function scenarioLibrary(): Map<string, string> {
  const folder = packageFile('config/scenarios');
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return new Map(names.sort().map((name) => [name.slice(0, -5), join(folder, name)]));
}
