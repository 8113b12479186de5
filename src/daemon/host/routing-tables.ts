/** The names of routing tables that ip-route(8) knows on this host. */
import { readdirSync } from 'node:fs';
import { readStart } from '../../files/regular-file.ts';

/** Later ones count: the administrator's override those of the package. */
const FOLDERS = ['/usr/lib/iproute2', '/usr/share/iproute2', '/etc/iproute2'];
const BYTES_MAX = 256 * 1024;
const LINE = /^\s*(0x[0-9a-f]+|[0-9]+)\s+([^\s#]+)/i;

/** Reads the files when the first name is asked for. */
export function routingTables(folders: readonly string[] = FOLDERS) {
  let tables: ReadonlyMap<string, number> | undefined;
  return (name: string): number | undefined => {
    tables ??= new Map(folders.flatMap(entriesIn));
    return tables.get(name);
  };
}

function entriesIn(folder: string): [string, number][] {
  const more = `${folder}/rt_tables.d`;
  const files = namesIn(more).filter((name) => name.endsWith('.conf'));
  return [`${folder}/rt_tables`, ...files.map((name) => `${more}/${name}`)].flatMap(entriesOf);
}

function entriesOf(file: string): [string, number][] {
  const lines = textOf(file).split('\n');
  return lines.flatMap((line): [string, number][] => {
    const [, number, name] = LINE.exec(line) ?? [];
    return number === undefined || name === undefined ? [] : [[name, Number(number)]];
  });
}

function textOf(file: string): string {
  try {
    return readStart(file, BYTES_MAX).toString('utf8');
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
