/** Compares an answer with the expected one, or reads it as a number. */
import type { Expectation, StatusRange } from '../../net/probe.ts';

/** Bytes of an answer that are read. */
export const ANSWER_MAX = 64 * 1_024;

export function matcherOf(expected: Expectation): (answer: string) => boolean {
  if (expected.kind === 'text') return (answer) => answer.includes(expected.text);
  const pattern = new RegExp(expected.pattern, 'u');
  return (answer) => pattern.test(answer);
}

export function statusIn(expected: readonly (number | StatusRange)[], status: number): boolean {
  return expected.some((one) =>
    typeof one === 'number' ? status === one : status >= one.first && status <= one.last,
  );
}

/** The first line as a number; undefined if it is none. */
export function numberIn(answer: string): number | undefined {
  const [line = ''] = answer.trimStart().split('\n', 1);
  return /^[+-]?[0-9]{1,9}(\.[0-9]{1,9})?\s*$/.test(line) ? Number(line) : undefined;
}
