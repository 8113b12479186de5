/** Converts keepalived.conf to a configuration of this program, and lists every difference. */
import { Document } from 'yaml';
import type { Context, Globals, Tracker } from './context.ts';
import { Draft, plain } from './draft.ts';
import { convertGlobals } from './globals.ts';
import { convertGroup } from './group.ts';
import { convertInstance } from './instance.ts';
import { Ledger } from './ledger.ts';
import type { LexerOptions } from './lexer.ts';
import { parseKeepalived } from './parser.ts';
import { convertVirtualServer } from './services.ts';
import { type Note, partsOf, type Statement } from './statement.ts';
import { convertSyncDaemon } from './sync-daemon.ts';
import { convertTrackers } from './tracking.ts';

export interface Imported {
  /** Undefined if no instance could be converted. */
  readonly yaml: string | undefined;
  /** By file and line. */
  readonly notes: readonly Note[];
  /** Number of statements by what became of them. */
  readonly statements: Readonly<Record<'carried' | 'listed' | 'needless', number>>;
}

/** Never throws. */
export function importKeepalived(file: string, text: string, options: LexerOptions): Imported {
  const { statements, notes } = parseKeepalived(file, text, options);
  const ledger = new Ledger();
  const draft = convert(statements, ledger);
  ledger.listTheRest(statements);
  const all = inOrder([...notes, ...ledger.notes], file);
  const yaml = draft.instances.length === 0 ? undefined : yamlOf(draft, all, file);
  return { yaml, notes: all, statements: ledger.count(statements) };
}

function convert(statements: readonly Statement[], ledger: Ledger): Draft {
  const draft = new Draft(ledger);
  const trackers = new Map<string, Tracker>();
  const globals: Globals = {
    version: undefined,
    strict: false,
    user: undefined,
    defaultInterface: undefined,
    garp: {},
  };
  const positions = new Map(statements.map((one, position) => [one, position]));
  const context: Context = { draft, ledger, globals, trackers, instances: new Map(), positions };
  const of = (kind: string) => statements.filter(({ words }) => words[0] === kind);
  for (const one of of('global_defs')) convertGlobals(one, context);
  draft.settleAgent();
  convertTrackers(statements, trackers, context);
  for (const one of of('vrrp_instance')) convertInstance(one, context);
  for (const one of of('vrrp_sync_group')) convertGroup(one, context);
  const groups = new Map(of('virtual_server_group').map((one) => [one.words[1] ?? '', one]));
  for (const one of of('virtual_server')) convertVirtualServer(one, groups, context);
  for (const one of of('global_defs').flatMap((each) => partsOf(each, 'lvs_sync_daemon'))) {
    convertSyncDaemon(one, undefined, context);
  }
  for (const instance of of('vrrp_instance')) {
    const owner = context.instances.get(instance.words[1] ?? '');
    for (const one of partsOf(instance, 'lvs_sync_daemon_interface')) {
      if (owner !== undefined) convertSyncDaemon(one, owner, context);
    }
  }
  if (draft.instances.length > 0) draft.settleAll();
  return draft;
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
  // Writes a tracker that two instances share twice, instead of a YAML anchor and alias.
  const document = new Document(plain(draft.file()), null, { aliasDuplicateObjects: false });
  const head = [` Converted from ${file}. Check it with: vrrp-agent check --config FILE`];
  if (notes.length > 0) head.push(' Not converted, or different:');
  for (const note of notes) {
    head.push(`   ${oneLine(`${note.file}:${note.line}: ${note.message}`)}`);
  }
  document.commentBefore = head.join('\n');
  return document.toString({ lineWidth: 0 });
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
