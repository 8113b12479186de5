/** keepalived's configuration as statements: words, perhaps a block, and where they stand. */

export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface Statement extends Place {
  readonly words: readonly string[];
  /** Undefined: it has no braces. */
  readonly block: readonly Statement[] | undefined;
}

/** Something that is not as it was. */
export interface Note extends Place {
  readonly message: string;
}

export function textOf({ words }: Statement): string {
  return words.join(' ');
}
