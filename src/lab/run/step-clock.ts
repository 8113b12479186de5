/**
 * The times of expectations count from steps, and a step is done when the machine that runs the lab
 * gets to it: what is expected after one that was late, or took long, is expected that much later.
 * So a slow machine needs no other scenarios than a fast one.
 */

import type { Span } from '../judge/record.ts';
import type { Action } from '../scenario/scenario.ts';

/** Times on the clock of the steps. */
export interface TimedStep {
  readonly action: Action;
  /** As the scenario says. */
  readonly at: number;
  readonly began: number;
  readonly ended: number;
}

export class StepClock {
  /** As the scenario says. */
  readonly duration: number;
  readonly #steps: readonly TimedStep[];

  constructor(duration: number, steps: readonly TimedStep[] = []) {
    this.duration = duration;
    this.#steps = steps;
  }

  /** When the time that is watched is over. */
  get end(): number {
    return this.#later(this.duration, this.#steps);
  }

  /** A window that ended before a step ends before it; one of no length is a moment, as it was. */
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

/** What is meant to last has been done when it has begun. */
function doneAt({ action, at, began, ended }: TimedStep): number {
  const lasts = action.kind === 'cpu_stress' || action.kind === 'flood';
  return Math.max(at, lasts ? began : ended);
}
