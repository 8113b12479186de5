/** What one run of the simulator gives. */
import { Violation, type World } from '../world.ts';

export interface Run {
  readonly seed: number;
  /** Undefined: all rules held. */
  readonly failure: string | undefined;
  readonly trace: readonly string[];
}

export function runOf(seed: number, world: World, play: () => void): Run {
  try {
    play();
    return { seed, failure: undefined, trace: world.trace };
  } catch (error) {
    const isViolation = error instanceof Violation;
    const failure = isViolation ? error.message : String((error as Error).stack);
    return { seed, failure, trace: world.trace };
  }
}
