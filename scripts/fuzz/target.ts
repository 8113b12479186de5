/** The interface of fuzz targets, and the error for a broken rule. */
import type { Random } from '../../test/sim/random.ts';

/** A target is reset after this many cases, so that a single case can be repeated quickly. */
export const EPISODE = 256;

export interface FuzzTarget {
  readonly name: string;
  /** Forgets all earlier cases: an episode depends on its seed only. */
  begin(random: Random): void;
  /** Runs one case; throws if a rule is broken. */
  play(random: Random): void;
  /** The input of the last case, as hex or as quoted text. */
  last(): string;
}

/** A broken rule, as opposed to an exception in the fuzzed code. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
}

export function require(holds: boolean, rule: string): void {
  if (!holds) throw new BrokenRule(rule);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
