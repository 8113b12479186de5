/**
 * Adjusts the windows of expectations to when the steps really happened: what is expected after a
 * step that began late or took long is expected that much later. So scenarios hold on slow hosts too.
 */

import type { Span } from '../judge/record.ts';
import { type Action, isLasting } from '../scenario/steps.ts';

/** Times on the clock of the steps. */
export interface TimedStep {
  readonly action: Action;
  /** The time in the scenario. */
  readonly at: number;
  readonly began: number;
  readonly ended: number;
}

export class StepClock {
  /** The duration in the scenario. */
  readonly duration: number;
  readonly #steps: readonly TimedStep[];

  constructor(duration: number, steps: readonly TimedStep[] = []) {
    this.duration = duration;
    this.#steps = steps;
  }

  /** End of the run. */
  get end(): number {
    return this.#later(this.duration, this.#steps);
  }

  /** A window that ends before a step still ends before it; a moment stays a moment. */
  windowOf({ from, to }: Span): Span {
    const before = this.#steps.filter(({ at }) => at < to);
    const next = this.#steps.find(({ at }) => at >= to)?.began ?? this.end;
    const end = Math.min(this.#later(to, before), next);
    if (from === to) return { from: end, to: end };
    const begin = this.#later(
      from,
      this.#steps.filter(({ at }) => at <= from),
    );
    return { from: Math.min(begin, end), to: end };
  }

  #later(time: number, before: readonly TimedStep[]): number {
    const last = before.at(-1);
    if (last === undefined) return time;
    return Math.max(time + doneAt(last) - last.at, ...before.map(doneAt));
  }
}

/** A lasting step is done when it has begun. */
function doneAt({ action, at, began, ended }: TimedStep): number {
  return Math.max(at, isLasting(action) ? began : ended);
}
