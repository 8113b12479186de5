/** `~SEQ` and `~LST`: the rest of the line, once for each set of values. */

export interface Sequence {
  readonly names: readonly string[];
  /** One list of values, in the order of the names, for each repetition. */
  readonly values: readonly (readonly string[])[];
  readonly rest: string;
}

/** A line may not be repeated more often; keepalived has no limit. */
const REPETITIONS_MAX = 65_536;

/** Undefined: the line begins with no sequence; a string: what is wrong with it. */
export function sequenceOf(line: string): Sequence | string | undefined {
  const found = /^~(SEQx?|LST)\(((?:[^(){}]|\{[^{}]*\})*)\)\s*(.*)$/.exec(line);
  if (found === null)
    return /^~(SEQ|LST)/.test(line) ? 'a sequence that cannot be read' : undefined;
  const [, kind = '', inside = '', rest = ''] = found;
  return kind === 'LST' ? listOf(inside, rest) : numbersOf(inside, rest, kind === 'SEQx');
}

function numbersOf(inside: string, rest: string, isHex: boolean): Sequence | string {
  const [name = '', ...texts] = inside.split(',').map((part) => part.trim());
  const numbers = texts.map(Number);
  if (name === '' || numbers.length < 1 || numbers.length > 3 || !numbers.every(Number.isInteger)) {
    return 'a sequence needs a name and one to three whole numbers';
  }
  const end = numbers.at(-1) ?? 0;
  const start = numbers.length > 1 ? (numbers[0] ?? 0) : end > 0 ? 1 : -1;
  const step = numbers.length === 3 ? (numbers[1] ?? 0) : end >= start ? 1 : -1;
  if (step === 0) return 'a sequence with step 0 has no end';
  const values: string[][] = [];
  for (let at = start; step > 0 ? at <= end : at >= end; at += step) {
    values.push([at.toString(isHex ? 16 : 10)]);
    if (values.length > REPETITIONS_MAX) return `more than ${REPETITIONS_MAX} repetitions`;
  }
  if (values.length === 0) return 'a sequence that never comes to its end';
  return { names: [name], values, rest };
}

function listOf(inside: string, rest: string): Sequence | string {
  const parts = [...inside.matchAll(/\{([^{}]*)\}|([^,{}]+)/g)]
    .map(([, several, one]) => ({
      words: (several ?? one ?? '').split(',').map((word) => word.trim()),
      isBlank: several === undefined && (one ?? '').trim() === '',
    }))
    .filter(({ isBlank }) => !isBlank)
    .map(({ words }) => words);
  const [names = [], ...values] = parts;
  if (names.length === 0 || values.length === 0) return 'a list needs a name and a value';
  if (values.some((list) => list.length !== names.length)) {
    return `each entry of the list needs ${names.length} values`;
  }
  return { names, values, rest };
}
