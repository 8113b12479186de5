/** Parses the tokens of keepalived.conf(5) into statements. Never throws: errors become notes. */

import type { Note, Statement } from '../../statement.ts';
import { Lexer, type LexerOptions, type Token } from './lexer.ts';

export interface Parsed {
  readonly statements: readonly Statement[];
  readonly notes: readonly Note[];
}

export function parseKeepalived(file: string, text: string, options: LexerOptions): Parsed {
  const lexer = new Lexer(options);
  lexer.read(file, text);
  const parser = new Parser(lexer.tokens);
  const statements = parser.statements(0);
  return { statements, notes: [...lexer.notes, ...parser.notes] };
}

/** keepalived itself needs four levels. */
const NESTING_MAX = 32;

class Parser {
  readonly notes: Note[] = [];
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  statements(level: number): Statement[] {
    const statements: Statement[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === 'close') {
        if (level > 0) return statements;
        this.#note(token, 'unexpected closing brace');
        this.#position += 1;
      } else if (token.kind === 'end') this.#position += 1;
      else statements.push(this.#statement(token, level));
    }
    const last = this.#tokens.at(-1);
    if (level > 0 && last !== undefined)
      this.#note(last, 'missing closing brace at the end of the file');
    return statements;
  }

  #statement({ file, line }: Token, level: number): Statement {
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
    if (level >= NESTING_MAX) {
      this.#note(
        { file, line, kind: 'open', text: '{' },
        'too many nested braces: the rest of the file is not read',
      );
      this.#position = this.#tokens.length;
      return { file, line, words, block: [] };
    }
    const block = this.statements(level + 1);
    this.#position += 1;
    return { file, line, words, block };
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#position];
  }

  #note({ file, line }: Token, message: string): void {
    this.notes.push({ file, line, level: 'lost', message });
  }
}
