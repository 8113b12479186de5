/** Helpers for invariants; an invariant object belongs to one run. */
export type { Invariant } from '../world.ts';

/** How long conditions have held without interruption. */
export class Lasting {
  readonly #held = new Map<string, { since: number; round: number }>();
  #round = 0;

  /** Begins a step: conditions that are not noted in it have ended. */
  begin(): void {
    this.#round++;
  }

  /** The condition holds in this step; returns for how many microseconds it has. */
  note(key: string, now: number, disturbedAt: number): number {
    const held = this.#held.get(key);
    if (held === undefined || held.round < this.#round - 1) {
      this.#held.set(key, { since: now, round: this.#round });
      return 0;
    }
    held.round = this.#round;
    held.since = Math.max(held.since, disturbedAt);
    return now - held.since;
  }
}
