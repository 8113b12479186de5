/** A clock that only the test advances, and a record of what was reported. */
import {
  type DeliveryReport,
  type OutcomeCounts,
  Outcomes,
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
  readonly reported: DeliveryReport[] = [];
  readonly outcomes = new Outcomes((report) => this.reported.push(report));

  get lines(): string[] {
    return this.reported.map(({ target, outcome, detail }) => `${target} ${outcome}: ${detail}`);
  }

  get counts(): OutcomeCounts {
    return this.outcomes.counts();
  }
}
