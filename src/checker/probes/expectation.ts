/** Compares an answer with the expected one, or reads it as a number. */
import { assert } from '../../net/assert.ts';
import type { Expectation, StatusRange } from '../../net/probe.ts';
import type { Match, PatternMatcher } from './pattern-matcher.ts';

/** Bytes of an answer that are read. */
export const ANSWER_MAX = 64 * 1_024;

export const LATE_MATCH = 'the regular expression took too long for this answer';
export const BUSY_MATCH =
  'slow regular expressions of other checks have used all the processor time allowed for them';

/** `deadline`: as `performance.now`. */
export type Matcher = (answer: string, deadline: number) => Promise<Match> | Match;

/** A pattern is matched by `patterns`, which it needs. */
export function matcherOf(expected: Expectation, patterns: PatternMatcher | undefined): Matcher {
  if (expected.kind === 'text') {
    return (answer) => (answer.includes(expected.text) ? 'yes' : 'no');
  }
  assert(patterns !== undefined, 'no matcher for patterns');
  return patterns.matcher(expected.pattern);
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
