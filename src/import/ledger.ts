/**
 * What became of each statement. Every statement has to be carried, listed or needless: `missing` names
 * those that no converter has looked at, so that nothing is lost without a word.
 */
import { type Note, type NoteLevel, type Statement, textOf } from './statement.ts';

export type Verdict = 'carried' | 'listed' | 'needless';

export class Ledger {
  readonly notes: Note[] = [];
  readonly #verdicts = new Map<Statement, Verdict>();

  /** The result has it. */
  carry(...statements: readonly Statement[]): void {
    for (const one of statements) {
      if (this.#verdicts.get(one) !== 'listed') this.#verdicts.set(one, 'carried');
    }
  }

  /** It has an effect in keepalived that the result has anyway, or that nothing here needs. */
  skip(...statements: readonly Statement[]): void {
    for (const one of statements) this.#verdicts.set(one, 'needless');
  }

  /** keepalived does it, the result does not. */
  lose(one: Statement, message: string): void {
    this.note(one, 'lost', message);
  }

  note(one: Statement, level: NoteLevel, message: string): void {
    this.remark(one, level, message);
    this.#verdicts.set(one, 'listed');
    if (level !== 'changed') for (const part of one.block ?? []) this.#settle(part);
  }

  /** A note that decides nothing about the statement. */
  remark(one: Statement, level: NoteLevel, message: string): void {
    this.notes.push({ file: one.file, line: one.line, level, message });
  }

  /** The parts of a statement that is listed share its note. */
  #settle(part: Statement): void {
    if (!this.#verdicts.has(part)) this.#verdicts.set(part, 'listed');
    for (const inner of part.block ?? []) this.#settle(inner);
  }

  /** Statements without blocks of their own, by verdict. */
  count(statements: readonly Statement[]): Record<Verdict, number> {
    const counts = { carried: 0, listed: 0, needless: 0 };
    const add = (one: Statement) => {
      if ((one.block ?? []).length > 0) for (const part of one.block ?? []) add(part);
      else counts[this.#verdicts.get(one) ?? 'listed'] += 1;
    };
    for (const one of statements) add(one);
    return counts;
  }

  verdictOf(one: Statement): Verdict | undefined {
    return this.#verdicts.get(one);
  }

  /** Lists each statement that has no verdict, with the block that it is in. */
  listTheRest(statements: readonly Statement[], context = ''): void {
    for (const one of statements) {
      const block = one.block ?? [];
      if (!this.#verdicts.has(one) && (block.length === 0 || !this.#isKnown(block))) {
        this.lose(one, context === '' ? textOf(one) : `${context}: ${textOf(one)}`);
      } else this.listTheRest(block, one.words[0] ?? '');
    }
  }

  #isKnown(block: readonly Statement[]): boolean {
    return block.some((one) => this.#verdicts.has(one) || this.#isKnown(one.block ?? []));
  }
}
