/**
 * Words of a line, as keepalived splits it; `{` and `}` are words of their own. A command or a regular
 * expression is read as by a shell: both quotes, which join with what touches them, and escapes. Elsewhere
 * only `"` is a quote, and it ends the word before it.
 */

export interface Word {
  readonly text: string;
  /** True if a part of it was in quotes, so that it is no brace. */
  readonly quoted: boolean;
}

/** White space as keepalived knows it, which a byte of UTF-8 is never. */
export const BLANK = /[ \t\n\v\f\r]/;

/** @param isCommand whether the line is read as by a shell */
export function wordsOf(line: string, isCommand: boolean): Word[] {
  const words: Word[] = [];
  let current: { text: string; quoted: boolean } | undefined;
  let quote = '';
  // The braces of `${name}`, which is not defined, belong to the word.
  let isName = false;
  const finish = () => {
    if (current !== undefined) words.push(current);
    current = undefined;
  };
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    const isBraceOfName: boolean =
      character === '{' ? line[at - 1] === '$' : character === '}' && isName;
    if (character === '{') isName = isBraceOfName;
    else if (character === '}' || BLANK.test(character)) isName = false;
    if (character === '\\' && isCommand && at + 1 < line.length) {
      const { text, length } = escaped(line.slice(at + 1));
      current = { text: (current?.text ?? '') + text, quoted: current?.quoted ?? false };
      at += length;
    } else if (quote !== '') {
      if (character !== quote) {
        if (current !== undefined) current.text += character;
      } else {
        quote = '';
        if (!isCommand) finish();
      }
    } else if (character === '"' || (character === "'" && isCommand)) {
      if (!isCommand) finish();
      quote = character;
      current = { text: current?.text ?? '', quoted: true };
    } else if (BLANK.test(character)) finish();
    else if (character === '{' || character === '}') {
      if (isBraceOfName) current = { text: `${current?.text ?? ''}${character}`, quoted: true };
      else {
        finish();
        words.push({ text: character, quoted: false });
      }
    } else current = { text: (current?.text ?? '') + character, quoted: current?.quoted ?? false };
  }
  finish();
  return words;
}

const CONTROLS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The character after a backslash, and how much of the text stands for it. */
function escaped(rest: string): { readonly text: string; readonly length: number } {
  const first = rest[0] ?? '';
  const control = CONTROLS[first];
  if (control !== undefined) return { text: control, length: 1 };
  const number = /^(?:([0-7]{1,3})|x([0-9A-Fa-f]+))/.exec(rest);
  if (number !== null) {
    const code =
      number[1] === undefined
        ? Number.parseInt(number[2] ?? '', 16)
        : Number.parseInt(number[1], 8);
    return { text: String.fromCharCode(code & 0xff), length: number[0].length };
  }
  const letter = /^c([A-Za-z])/.exec(rest)?.[1];
  if (letter !== undefined)
    return { text: String.fromCharCode(letter.charCodeAt(0) & 0x1f), length: 2 };
  return { text: first, length: 1 };
}

/** Without a comment, which `#` or `!` begins outside `"`; between `'` it begins one as well. */
export function withoutComment(line: string): string {
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (character === '\\' && isQuoted) at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === '#' || character === '!')) return line.slice(0, at);
  }
  return line;
}
