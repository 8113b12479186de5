/** Converts keepalived.conf to a configuration of this program, and lists every difference. */
import { Document } from 'yaml';
import { escapeVariables } from '../../config/text/variables.ts';
import { Draft } from './draft.ts';
import { convertGlobals, type Globals } from './globals.ts';
import { convertGroup } from './group.ts';
import { convertInstance } from './instance.ts';
import { convertSyncDaemon, convertVirtualServer } from './ipvs.ts';
import type { LexerOptions } from './parser.ts';
import { type Note, parseKeepalived, type Statement, textOf } from './parser.ts';
import { trackersOf } from './tracking.ts';

export interface Imported {
  /** Undefined if no instance could be converted. */
  readonly yaml: string | undefined;
  /** By file and line. */
  readonly notes: readonly Note[];
}

/** Never throws. */
export function importKeepalived(file: string, text: string, options: LexerOptions): Imported {
  const { statements, notes } = parseKeepalived(file, text, options);
  const draft = new Draft();
  const globals: Globals = { version: undefined, garp: {}, strict: false, user: undefined };
  const of = (...kinds: string[]) =>
    statements.filter(({ words }) => kinds.includes(words[0] ?? ''));
  for (const one of of('global_defs')) convertGlobals(one, draft, globals);
  const trackers = trackersOf(statements, globals.user, draft);
  const instances = new Map<string, string>();
  for (const one of of('vrrp_instance')) {
    const name = convertInstance(withStrictness(one, globals), { draft, globals, trackers });
    if (name !== undefined) instances.set(one.words[1] ?? '', name);
  }
  const { user } = globals;
  for (const one of of('vrrp_sync_group')) convertGroup(one, { draft, trackers, user, instances });
  for (const one of of('virtual_server')) convertVirtualServer(one, draft);
  for (const one of partsOf(of('global_defs'), 'lvs_sync_daemon')) {
    convertSyncDaemon(one, undefined, instances, draft);
  }
  for (const instance of of('vrrp_instance')) {
    const owner = instances.get(instance.words[1] ?? '');
    for (const one of partsOf([instance], 'lvs_sync_daemon_interface')) {
      convertSyncDaemon(one, owner, instances, draft);
    }
  }
  for (const one of statements) if (!KNOWN.has(one.words[0] ?? '')) draft.note(one, textOf(one));
  const all = inOrder([...notes, ...draft.notes], file);
  return { yaml: draft.instances.length === 0 ? undefined : yamlOf(draft, all, file), notes: all };
}

const KNOWN = new Set([
  'global_defs',
  'vrrp_instance',
  'vrrp_sync_group',
  'vrrp_script',
  'vrrp_track_file',
  'track_file',
  'vrrp_track_process',
  'track_process',
  'virtual_server',
]);

function partsOf(statements: readonly Statement[], key: string): Statement[] {
  return statements.flatMap(({ block = [] }) => block.filter(({ words }) => words[0] === key));
}

function withStrictness(one: Statement, { strict }: Globals): Statement {
  if (!strict) return one;
  const word: Statement = { ...one, words: ['strict_mode'], block: undefined };
  return { ...one, block: [...(one.block ?? []), word] };
}

/** The main file first; without duplicates. */
function inOrder(notes: readonly Note[], file: string): Note[] {
  const unique = new Map(notes.map((note) => [`${note.file}:${note.line}:${note.message}`, note]));
  const rank = (note: Note) => (note.file === file ? 0 : 1);
  return [...unique.values()].sort(
    (a, b) => rank(a) - rank(b) || a.file.localeCompare(b.file) || a.line - b.line,
  );
}

function yamlOf(draft: Draft, notes: readonly Note[], file: string): string {
  // No text of keepalived's file is a reference to a variable of the agent's environment.
  const content = escaped({ ...draft.top, instances: draft.instances });
  // Writes a tracker that two instances share twice, instead of a YAML anchor and alias.
  const document = new Document(content, null, { aliasDuplicateObjects: false });
  const head = [` Converted from ${file}. Check it with: vrrp-agent check FILE`];
  if (notes.length > 0) head.push(' Not converted, or different:');
  for (const note of notes)
    head.push(`   ${oneLine(`${note.file}:${note.line}: ${note.message}`)}`);
  document.commentBefore = head.join('\n');
  return document.toString({ lineWidth: 0 });
}

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapeVariables(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, escaped(one)]));
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
