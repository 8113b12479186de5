/** What is wrong with a configuration file, and where. */

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
  /** A warning: the file can be used as it is. */
  | 'advice';

export interface Finding {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly code: FindingCode;
  readonly message: string;
}

/** Keys and list positions from the top of the file. */
export type Path = readonly (string | number)[];

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where in the text a path lies; `key` points at the name instead of the value. */
export type Locate = (path: Path, at?: 'value' | 'key') => Position;

/**
 * The form compilers use, which editors and terminals can jump to. What is quoted from the file may
 * not move the cursor.
 */
export function formatFinding(
  file: string,
  finding: Pick<Finding, 'line' | 'column' | 'message'>,
  label = '',
): string {
  const message = finding.message.replaceAll(/\p{Cc}/gu, '?');
  return `${file}:${finding.line}:${finding.column}: ${label}${message}`;
}

/** A command of the file; whether it may be run depends on the machine. */
export interface ConfiguredCommand extends Position {
  readonly argv: readonly string[];
  /** Undefined: the user the agent runs as. */
  readonly user: string | undefined;
}

/** Collects errors, warnings and commands by path and hands them out in the order of the text. */
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

  /** One that several servers share stands in the text once. */
  command(path: Path, argv: readonly string[], user: string | undefined): void {
    const place = this.#locate(path, 'value');
    const isKnown = ({ line, column }: Position) => line === place.line && column === place.column;
    if (!this.commands.some(isKnown)) this.commands.push({ ...place, argv, user });
  }

  /** Whether an error at exactly this path is known: what follows from it need not be said. */
  reported(path: Path): boolean {
    return this.#paths.has(path.join('\n'));
  }

  errors(): Finding[] {
    return inOrder(this.#errors);
  }

  warnings(): Finding[] {
    return inOrder(this.#warnings);
  }
}

/** Sorted by position; what is wrong in `defaults` is said once, not for each instance. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const unique = new Map(
    findings.map((finding) => [`${finding.line}:${finding.column}:${finding.message}`, finding]),
  );
  return [...unique.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
