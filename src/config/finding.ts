/** Errors and warnings about a configuration file, with their positions. */
import { withoutValues } from '../net/url.ts';

export type FindingCode =
  | 'unreadable'
  | 'syntax'
  | 'duplicate-key'
  | 'unknown-key'
  | 'missing'
  | 'type'
  | 'range'
  | 'conflict'
  | 'unavailable'
  /** A reference to an environment variable that is malformed or not set. */
  | 'variable'
  /** This host is too slow for what the file asks of it. */
  | 'capacity'
  /** A warning; the file is valid. */
  | 'advice';

export interface Position {
  /** An included file; undefined: the file that was given to the program. */
  readonly file?: string | undefined;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface Finding extends Position {
  readonly code: FindingCode;
  readonly message: string;
}

/** Keys and list positions from the top of the file. */
export type Path = readonly (string | number)[];

/** The position of a path in the text; `key` gives that of the key instead of its value. */
export type Locate = (path: Path, at?: 'value' | 'key') => Position;

/**
 * `file:line:column: message`, the form of compilers, which editors and terminals link to. Control
 * characters, which a message may quote from the file, are replaced. `file`: the one that was given to
 * the program; a finding in an included file names that.
 */
export function formatFinding(
  file: string,
  finding: Position & Pick<Finding, 'message'>,
  label = '',
): string {
  const message = finding.message.replaceAll(/\p{Cc}/gu, '?');
  return `${finding.file ?? file}:${finding.line}:${finding.column}: ${label}${message}`;
}

/** A command of the file, whose permissions `check` examines on this host. */
export interface ConfiguredCommand extends Position {
  readonly argv: readonly string[];
  /** Undefined: the agent's user. */
  readonly user: string | undefined;
}

/** Collects errors, warnings and commands by path, and returns them in the order of the text. */
export class Findings {
  readonly #locate: Locate;
  readonly #errors: Finding[] = [];
  readonly #warnings: Finding[] = [];
  readonly #paths = new Set<string>();
  readonly commands: ConfiguredCommand[] = [];

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  error(path: Path, code: FindingCode, message: string, at: 'value' | 'key' = 'value'): void {
    this.#paths.add(path.join('\n'));
    this.#errors.push({ ...this.#locate(path, at), code, message });
  }

  warn(path: Path, message: string): void {
    this.#warnings.push({ ...this.#locate(path), code: 'advice', message });
  }

  /** Ignores a command that is already known by its position: servers share that of their service. */
  command(path: Path, argv: readonly string[], user: string | undefined): void {
    const place = this.#locate(path, 'value');
    const isKnown = ({ file, line, column }: Position) =>
      file === place.file && line === place.line && column === place.column;
    if (!this.commands.some(isKnown)) this.commands.push({ ...place, argv, user });
  }

  /** True if there is an error at exactly this path, so that its consequences need no report. */
  reported(path: Path): boolean {
    return this.#paths.has(path.join('\n'));
  }

  /** The same for a section: what has an error of its own is missing from the draft. */
  reportedIn(section: Path): boolean {
    const start = section.join('\n');
    return [...this.#paths].some((one) => one === start || one.startsWith(`${start}\n`));
  }

  errors(): Finding[] {
    return inOrder(this.#errors);
  }

  warnings(): Finding[] {
    return inOrder(this.#warnings);
  }
}

/**
 * Sorted by position, without duplicates: an error in `defaults` affects every instance. Included files
 * come after the file that was given, by name.
 */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const unique = new Map(
    findings.map((finding) => [
      `${finding.file ?? ''}:${finding.line}:${finding.column}:${finding.message}`,
      finding,
    ]),
  );
  return [...unique.values()].sort(
    (a, b) => compareFiles(a.file, b.file) || a.line - b.line || a.column - b.column,
  );
}

function compareFiles(a = '', b = ''): number {
  return a < b ? -1 : Number(a > b);
}

const LONGEST_QUOTE = 40;

/** A value of the file for a message, without what may be a secret. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return JSON.stringify(shorten(withoutUser(value)));
  return `the ${typeof value} ${shorten(String(value))}`;
}

/** A URL may have a secret before its host or in its query, also one that is mistyped: `htp://user:secret@host`. */
export function withoutUser(text: string): string {
  const end = text.lastIndexOf('@');
  const before = text.slice(0, Math.max(0, end));
  if (!/[:/]/.test(before)) return withoutValues(text, '...');
  const [scheme = ''] = /^[a-z][a-z0-9+.-]*:?\/+/i.exec(before) ?? [];
  return withoutValues(`${scheme}...${text.slice(end)}`, '...');
}

function shorten(text: string): string {
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text;
}
