/** Converts files of other programs to one configuration of this program, and lists every difference. */
import { Document } from 'yaml';
import { escapeVariables } from '../config/text/variables.ts';
import { Draft, plain } from './draft.ts';
import { convertHeartbeat } from './heartbeat/convert.ts';
import { convertIpvsadm } from './ipvsadm/convert.ts';
import { convertKeepalived } from './keepalived/convert.ts';
import type { LexerOptions } from './keepalived/reader/lexer.ts';
import { convertLdirectord } from './ldirectord/convert.ts';
import { Ledger, type Verdict } from './ledger.ts';
import { convertPiranha } from './piranha/convert.ts';
import type { Converted, Note } from './statement.ts';

export const KINDS = ['keepalived', 'ldirectord', 'ipvsadm', 'heartbeat', 'piranha'] as const;
export type Kind = (typeof KINDS)[number];

export interface Source {
  readonly file: string;
  readonly text: string;
  readonly kind: Kind;
}

export interface Imported {
  /** Undefined if no instance and no service could be converted. */
  readonly yaml: string | undefined;
  /** By file and line. */
  readonly notes: readonly Note[];
  /** Number of statements by what became of them. */
  readonly statements: Readonly<Record<Verdict, number>>;
}

/** The kind of a file by its content. */
export function kindOf(text: string): Kind {
  if (/^\s*(-A|--add-service)\s+-/m.test(text)) return 'ipvsadm';
  if (/^\s*virtual6?\s*=/m.test(text)) return 'ldirectord';
  if (/^\s*virtual\s+\S+\s*\{/m.test(text)) return 'piranha';
  if (isHeartbeat(text)) return 'heartbeat';
  return 'keepalived';
}

/** `haresources`, or an `ha.cf`, whose keys have values without `=`. */
function isHeartbeat(text: string): boolean {
  const isResources = /^\S+\s+((IPaddr2?|IPv6addr)::)[0-9a-fA-F:.]+/m.test(text);
  return (
    isResources || /^\s*(keepalive|deadtime|auto_failback|ucast|bcast|mcast|auth)\s+\S/m.test(text)
  );
}

/** Never throws. */
export function importFiles(sources: readonly Source[], options: LexerOptions): Imported {
  const ledger = new Ledger();
  const draft = new Draft(ledger);
  const converted = sources.flatMap((source) => convert(source, draft, options) ?? []);
  // The two files of heartbeat say one thing together.
  const heartbeat = sources.filter(({ kind }) => kind === 'heartbeat');
  if (heartbeat.length > 0) {
    converted.push(convertHeartbeat({ files: heartbeat, node: options.configId }, draft));
  }
  const isEmpty = draft.instances.length === 0 && draft.services.length === 0;
  if (!isEmpty) draft.settleAll();
  for (const { statements } of converted) ledger.listTheRest(statements);
  const files = sources.map(({ file }) => file);
  const notes = inOrder([...converted.flatMap((one) => one.notes), ...ledger.notes], files);
  return {
    yaml: isEmpty ? undefined : yamlOf(draft, notes, files),
    notes,
    statements: ledger.count(converted.flatMap(({ statements }) => statements)),
  };
}

/** Undefined for a file of heartbeat. */
function convert(
  { file, text, kind }: Source,
  draft: Draft,
  options: LexerOptions,
): Converted | undefined {
  switch (kind) {
    case 'keepalived':
      return convertKeepalived(file, text, draft, options);
    case 'ldirectord':
      return convertLdirectord(file, text, draft);
    case 'ipvsadm':
      return convertIpvsadm(file, text, draft);
    case 'piranha':
      return convertPiranha(file, text, options.configId, draft);
    case 'heartbeat':
      return undefined;
  }
}

/** The given files first, in their order; without duplicates. */
function inOrder(notes: readonly Note[], files: readonly string[]): Note[] {
  const unique = new Map(notes.map((note) => [`${note.file}:${note.line}:${note.message}`, note]));
  const rank = ({ file }: Note) => (files.includes(file) ? files.indexOf(file) : files.length);
  return [...unique.values()].sort(
    (a, b) => rank(a) - rank(b) || a.file.localeCompare(b.file) || a.line - b.line,
  );
}

function yamlOf(draft: Draft, notes: readonly Note[], files: readonly string[]): string {
  // Writes a tracker that two instances share twice, instead of a YAML anchor and alias.
  const document = new Document(escaped(plain(draft.file())), null, {
    aliasDuplicateObjects: false,
  });
  const head = [
    ` Converted from ${files.join(', ')}. Check it with: vrrp-agent check --config FILE`,
  ];
  if (notes.length > 0) head.push(' Not converted, or different:');
  for (const note of notes) {
    head.push(`   ${oneLine(`${note.file}:${note.line}: ${note.message}`)}`);
  }
  document.commentBefore = head.join('\n');
  return document.toString({ lineWidth: 0 });
}

/** No text of the other program's file is a reference to a variable of the agent's environment. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapeVariables(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, escaped(one)]));
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
