/** What is fuzzed, and the words in which a broken rule is told. */
import type { Random } from '../../test/sim/random.ts';

/** A target is begun anew every so many cases, so that any case is reached again in no time. */
export const EPISODE = 256;

export interface FuzzTarget {
  readonly name: string;
  /** Forgets all former cases: an episode depends on its seed and on nothing else. */
  begin(random: Random): void;
  /** Plays one case; throws when a rule is broken. */
  play(random: Random): void;
  /** The input of the last case, as hex or as quoted text. */
  last(): string;
}

/** A rule does not hold, as opposed to an exception of the code that is fuzzed. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
}

export function require(holds: boolean, rule: string): void {
  if (!holds) throw new BrokenRule(rule);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
