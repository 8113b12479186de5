/** Time that stands still until a test moves it, and a place for what was told. */
import {
  type OutcomeCounts,
  Outcomes,
  type Trouble,
} from '../../../../src/checker/deliveries/outcomes.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export class Clockwork {
  #now = 0;
  #timers: Timer[] = [];

  readonly schedule = (callback: () => void, milliseconds: number): (() => void) => {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  };

  elapse(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#now = next.at;
      this.#timers = this.#timers.filter((one) => one !== next);
      next.callback();
    }
    this.#now = end;
  }
}

export class Ledger {
  readonly told: Trouble[] = [];
  readonly outcomes = new Outcomes((trouble) => this.told.push(trouble));

  get lines(): string[] {
    return this.told.map(({ target, outcome, detail }) => `${target} ${outcome}: ${detail}`);
  }

  get counts(): OutcomeCounts {
    return this.outcomes.counts();
  }
}
