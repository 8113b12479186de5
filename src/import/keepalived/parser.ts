/** From words and braces to statements. Never throws: what does not fit is a note. */
import { type LexerOptions, type Token, tokensOf } from './lexer.ts';
import type { Note, Statement } from './statement.ts';

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
        this.notes.push({ ...token, message: 'this brace closes nothing' });
        this.#position += 1;
      } else if (token.kind === 'end') this.#position += 1;
      else statements.push(this.#statement(token));
    }
    const last = this.#tokens.at(-1);
    if (!isTop && last !== undefined) {
      this.notes.push({ ...last, message: 'the file ends within a block' });
    }
    return statements;
  }

  #statement({ file, line }: Token): Statement {
    const words: string[] = [];
    for (let token = this.#peek(); token?.kind === 'word'; token = this.#peek()) {
      words.push(token.text);
      this.#position += 1;
    }
    // The brace may stand in the next line.
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
