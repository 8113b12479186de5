/** Imports a text as `k.conf`. */
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import { importFiles } from '../../../src/import/import.ts';
import type { NoteLevel } from '../../../src/import/statement.ts';

interface Options {
  readonly configId?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export function imported(text: string, { configId, files = {}, environment = {} }: Options = {}) {
  const result = importFiles([{ file: 'k.conf', text, kind: 'keepalived' }], {
    configId,
    environment,
    include: (pattern) => {
      const found = files[pattern];
      if (found === undefined) throw new Error('there is no such file');
      return [{ file: pattern, text: found }];
    },
  });
  const lines = result.notes.map(({ file, line, message }) => `${file}:${line}: ${message}`);
  const of = (level: NoteLevel) =>
    result.notes.filter((note) => note.level === level).map(({ message }) => message);
  const document = result.yaml === undefined ? undefined : parse(result.yaml);
  return { ...result, lines, of, document, instance: document?.instances?.[0] };
}

/** An instance with these lines after the required ones; its first line is line 7. */
export function instanceWith(lines: string, options?: Options) {
  return imported(
    `vrrp_instance web {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    203.0.113.100/24
  }
${lines}
}
`,
    options,
  );
}

/** A service with these lines, beside an instance. */
export function serviceWith(lines: string, where = '203.0.113.100 80') {
  const result = instanceWith(`}\nvirtual_server ${where} {\n${lines}`);
  return { ...result, service: result.document?.ipvs?.services?.[0] };
}

/** The errors of the result; it must never have any. */
export function errorsOf(yaml: string | undefined) {
  const loaded = loadConfig(yaml ?? '', { hostName: 'host' });
  return loaded.ok ? [] : loaded.error;
}
