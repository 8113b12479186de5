/** Statements of the files of other programs, and what became of each. */

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

/**
 * `lost`: it means something to keepalived, and the result does not do it. `changed`: the result does
 * something else instead. `ignored`: the other program ignores or changes it as well.
 */
export type NoteLevel = 'lost' | 'changed' | 'ignored';

/** A difference between the original and the result. */
export interface Note extends Place {
  readonly level: NoteLevel;
  readonly message: string;
}

/** What a file says, and what of it could not be read. */
export interface Converted {
  readonly statements: readonly Statement[];
  readonly notes: readonly Note[];
}

export function textOf({ words }: Pick<Statement, 'words'>): string {
  return words.join(' ');
}

/** The parts of the block whose first word is one of `keys`. */
export function partsOf({ block = [] }: Statement, ...keys: string[]): Statement[] {
  return block.filter(({ words }) => keys.includes(words[0] ?? ''));
}

/** The value after a keyword: `weight 2` among other words. */
export function optionOf(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
}

/** `on` if keepalived reads the switch as on: without a value it is. Undefined: no such word. */
export function isOn(value: string | undefined): boolean | undefined {
  if (value === undefined || /^(on|true|yes)$/i.test(value)) return true;
  return /^(off|false|no)$/i.test(value) ? false : undefined;
}
