/** What an answer is held against, and the number that it may be instead. */
import type { Expectation } from '../net/probe.ts';

/** No more of an answer is kept, or looked at. */
export const ANSWER_MAX = 64 * 1_024;

export function matcherOf(expected: Expectation): (answer: string) => boolean {
  if (expected.kind === 'text') return (answer) => answer.includes(expected.text);
  const pattern = new RegExp(expected.pattern, 'u');
  return (answer) => pattern.test(answer);
}

/** The first line; undefined: no number. */
export function numberIn(answer: string): number | undefined {
  const [line = ''] = answer.trimStart().split('\n', 1);
  return /^[+-]?[0-9]{1,9}(\.[0-9]{1,9})?\s*$/.test(line) ? Number(line) : undefined;
}
