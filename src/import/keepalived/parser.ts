/**
 * Parses keepalived.conf(5) into statements. `#` and `!` begin a comment, quotes keep spaces, `$NAME=`
 * defines the value of `$NAME` and `${NAME}`, `@id` before a line restricts it to one configuration,
 * and `include` reads more files. Never throws: errors become notes.
 */

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface Statement extends Place {
  readonly words: readonly string[];
  /** Undefined without braces. */
  readonly block: readonly Statement[] | undefined;
}

/** A difference between the original and the result. */
export interface Note extends Place {
  readonly message: string;
}

export function textOf({ words }: Statement): string {
  return words.join(' ');
}

export interface Parsed {
  readonly statements: readonly Statement[];
  readonly notes: readonly Note[];
}

export function parseKeepalived(file: string, text: string, options: LexerOptions): Parsed {
  const { tokens, notes } = tokensOf(file, text, options);
  const parser = new Parser(tokens);
  const statements = parser.statements(true);
  return { statements, notes: [...notes, ...parser.notes] };
}

class Parser {
  readonly notes: Note[] = [];
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  statements(isTop: boolean): Statement[] {
    const statements: Statement[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === 'close') {
        if (!isTop) return statements;
        this.notes.push({ ...token, message: 'unexpected closing brace' });
        this.#position += 1;
      } else if (token.kind === 'end') this.#position += 1;
      else statements.push(this.#statement(token));
    }
    const last = this.#tokens.at(-1);
    if (!isTop && last !== undefined) {
      this.notes.push({ ...last, message: 'missing closing brace at the end of the file' });
    }
    return statements;
  }

  #statement({ file, line }: Token): Statement {
    const words: string[] = [];
    for (let token = this.#peek(); token?.kind === 'word'; token = this.#peek()) {
      words.push(token.text);
      this.#position += 1;
    }
    // The brace may be on the next line.
    let ahead = this.#position;
    while (this.#tokens[ahead]?.kind === 'end') ahead += 1;
    if (this.#tokens[ahead]?.kind !== 'open') return { file, line, words, block: undefined };
    this.#position = ahead + 1;
    const block = this.statements(false);
    this.#position += 1;
    return { file, line, words, block };
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#position];
  }
}

interface Token extends Place {
  readonly kind: 'word' | 'open' | 'close' | 'end';
  readonly text: string;
}

export interface LexerOptions {
  /** As in `keepalived --config-id`; undefined: lines with a condition are skipped and listed. */
  readonly configId: string | undefined;
  /** The files that match the path of an `include`; throws if there are none. */
  readonly include: (pattern: string, from: string) => readonly IncludedFile[];
}

export interface IncludedFile {
  readonly file: string;
  readonly text: string;
}

/** Limit of nested includes, the same as in keepalived. */
const DEPTH_MAX = 64;

const INCLUDES = new Set(['include', 'includer', 'includem', 'includew', 'includeb', 'includea']);

function tokensOf(
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
      // A backslash at the end of a line continues it.
      while (/\\\s*$/.test(withoutComment(line)) && index + 1 < lines.length) {
        index += 1;
        line = `${withoutComment(line).replace(/\\\s*$/, ' ')}${lines[index] ?? ''}`;
      }
      this.#line(line, place, depth);
    }
  }

  #line(raw: string, place: Place, depth: number): void {
    const text = this.#withoutCondition(withoutComment(raw).trim(), place);
    if (text === undefined || text === '') return;
    const definition = /^\$([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(text);
    if (definition !== null) {
      this.#definitions.set(definition[1] ?? '', this.#expand(definition[2] ?? '', place).trim());
      return;
    }
    const line = this.#expand(text, place);
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

  /** `@id` selects that configuration, `@^id` all others. Undefined: the line does not apply. */
  #withoutCondition(line: string, place: Place): string | undefined {
    const condition = /^@(\^?)(\S+)\s*(.*)$/.exec(line);
    if (condition === null) return line;
    const [, not, id, rest = ''] = condition;
    if (this.#options.configId === undefined) {
      const message = `"${line}" applies to one configuration only: select it with --config-id`;
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
      this.notes.push({ ...place, message: `${all} is not defined and was left unchanged` });
      return all;
    });
  }

  #include(pattern: string, place: Place, depth: number): void {
    if (depth >= DEPTH_MAX) {
      this.notes.push({ ...place, message: `include ${pattern}: too many nested files` });
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

/** Ignores comment characters in quotes. */
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
