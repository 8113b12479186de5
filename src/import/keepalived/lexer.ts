/**
 * Words and braces of keepalived.conf(5). `#` and `!` begin a comment, quotes keep spaces, `$NAME=`
 * defines what `$NAME` and `${NAME}` stand for, `@id` in front of a line makes it count for one
 * configuration only, and `include` reads more files.
 */
import type { Note, Place } from './statement.ts';

export interface Token extends Place {
  readonly kind: 'word' | 'open' | 'close' | 'end';
  readonly text: string;
}

export interface LexerOptions {
  /** As `keepalived --config-id`; undefined: lines with a condition are left out and told of. */
  readonly configId: string | undefined;
  /** The files that a path of an `include` means, with their text; throws when there is none. */
  readonly include: (pattern: string, from: string) => readonly IncludedFile[];
}

export interface IncludedFile {
  readonly file: string;
  readonly text: string;
}

/** Of files within files: keepalived stops at 64 too. */
const DEPTH_MAX = 64;

const INCLUDES = new Set(['include', 'includer', 'includem', 'includew', 'includeb', 'includea']);

export function tokensOf(
  file: string,
  text: string,
  options: LexerOptions,
): { readonly tokens: readonly Token[]; readonly notes: readonly Note[] } {
  const lexer = new Lexer(options);
  lexer.read(file, text, 0);
  return lexer;
}

class Lexer {
  readonly tokens: Token[] = [];
  readonly notes: Note[] = [];
  readonly #options: LexerOptions;
  readonly #definitions = new Map<string, string>();

  constructor(options: LexerOptions) {
    this.#options = options;
  }

  read(file: string, text: string, depth: number): void {
    const lines = text.split(/\r?\n/);
    for (let index = 0; index < lines.length; index++) {
      const place = { file, line: index + 1 };
      let line = lines[index] ?? '';
      // A line that ends with a backslash goes on in the next one.
      while (/\\\s*$/.test(withoutComment(line)) && index + 1 < lines.length) {
        index += 1;
        line = `${withoutComment(line).replace(/\\\s*$/, ' ')}${lines[index] ?? ''}`;
      }
      this.#line(line, place, depth);
    }
  }

  #line(raw: string, place: Place, depth: number): void {
    const conditional = this.#unconditional(withoutComment(raw).trim(), place);
    if (conditional === undefined || conditional === '') return;
    const definition = /^\$([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(conditional);
    if (definition !== null) {
      this.#definitions.set(definition[1] ?? '', this.#expand(definition[2] ?? '', place).trim());
      return;
    }
    const line = this.#expand(conditional, place);
    const words = wordsOf(line);
    const [first, second] = words;
    if (first !== undefined && INCLUDES.has(first.text) && second !== undefined) {
      this.#include(second.text, place, depth);
      return;
    }
    for (const { text, quoted } of words) {
      const kind = quoted ? 'word' : text === '{' ? 'open' : text === '}' ? 'close' : 'word';
      this.tokens.push({ ...place, kind, text });
    }
    this.tokens.push({ ...place, kind: 'end', text: '' });
  }

  /** `@id` counts for that configuration, `@^id` for all others. */
  #unconditional(line: string, place: Place): string | undefined {
    const condition = /^@(\^?)(\S+)\s*(.*)$/.exec(line);
    if (condition === null) return line;
    const [, not, id, rest = ''] = condition;
    if (this.#options.configId === undefined) {
      const message = `"${line}" counts for one configuration only: name it with --config-id`;
      this.notes.push({ ...place, message });
      return undefined;
    }
    return (id === this.#options.configId) === (not === '') ? rest : undefined;
  }

  #expand(line: string, place: Place): string {
    return line.replaceAll(/\$(?:\{([^}]*)\}|([A-Za-z_]\w*))/g, (all, braced, bare) => {
      const name = String(braced ?? bare);
      const value = this.#definitions.get(name);
      if (value !== undefined) return value;
      this.notes.push({ ...place, message: `${all} is not defined here and is left as it stands` });
      return all;
    });
  }

  #include(pattern: string, place: Place, depth: number): void {
    if (depth >= DEPTH_MAX) {
      this.notes.push({ ...place, message: `include ${pattern}: too many files within files` });
      return;
    }
    try {
      for (const { file, text } of this.#options.include(pattern, place.file)) {
        this.read(file, text, depth + 1);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.notes.push({ ...place, message: `include ${pattern}: ${why}` });
    }
  }
}

/** Comment signs within quotes are none. */
function withoutComment(line: string): string {
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const character = line[index] ?? '';
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '#' || character === '!') return line.slice(0, index);
  }
  return line;
}

function wordsOf(line: string): { readonly text: string; readonly quoted: boolean }[] {
  const pattern = /"([^"]*)"?|'([^']*)'?|([{}])|([^\s{}"']+)/g;
  return [...line.matchAll(pattern)].map(([, double, single, brace, bare]) => ({
    text: double ?? single ?? brace ?? bare ?? '',
    quoted: double !== undefined || single !== undefined,
  }));
}
