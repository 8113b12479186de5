/**
 * Places for runs that cost a process each: so many at a time, the others wait in the order in which
 * they came. Those that took too long the last time have half of the places at most, so that commands
 * which hang keep nobody waiting but each other.
 */

const PLACES = 64;

export interface Place {
  /** The run has ended, or is given up; a second time does nothing. */
  leave(): void;
  /** It is not wanted any more: only if it has not begun. */
  cancel(): void;
}

interface Visit {
  readonly start: () => void;
  readonly isSlow: boolean;
  readonly since: number;
  state: 'waiting' | 'running' | 'gone';
}

export class RunPool {
  readonly #places: number;
  readonly #now: () => number;
  /** By whether they took too long the last time. */
  readonly #waiting = { slow: new Set<Visit>(), quick: new Set<Visit>() };
  #running = 0;
  #slowRunning = 0;

  /** `now`: milliseconds that only grow. */
  constructor(places = PLACES, now: () => number = () => performance.now()) {
    this.#places = places;
    this.#now = now;
  }

  get running(): number {
    return this.#running;
  }

  /** How long the first in the queue has waited, in milliseconds; those that hang do not count. */
  get wait(): number {
    const [first] = this.#waiting.quick;
    return first === undefined ? 0 : this.#now() - first.since;
  }

  /** `start` is called now, or when there is a place. */
  enter(start: () => void, isSlow: boolean): Place {
    const visit: Visit = { start, isSlow, since: this.#now(), state: 'waiting' };
    this.#waiting[isSlow ? 'slow' : 'quick'].add(visit);
    this.#admit();
    return {
      leave: () => this.#leave(visit),
      cancel: () => {
        if (visit.state === 'waiting') this.#leave(visit);
      },
    };
  }

  #leave(visit: Visit): void {
    if (visit.state === 'gone') return;
    if (visit.state === 'waiting') {
      this.#waiting[visit.isSlow ? 'slow' : 'quick'].delete(visit);
    } else {
      this.#running--;
      if (visit.isSlow) this.#slowRunning--;
    }
    visit.state = 'gone';
    this.#admit();
  }

  #admit(): void {
    while (this.#running < this.#places) {
      const next = this.#next();
      if (next === undefined) return;
      this.#waiting[next.isSlow ? 'slow' : 'quick'].delete(next);
      next.state = 'running';
      this.#running++;
      if (next.isSlow) this.#slowRunning++;
      next.start();
    }
  }

  /** Who has waited longest of those that may. */
  #next(): Visit | undefined {
    const [quick] = this.#waiting.quick;
    const [slow] = this.#slowRunning < this.#places / 2 ? this.#waiting.slow : [];
    if (quick === undefined || slow === undefined) return quick ?? slow;
    return slow.since < quick.since ? slow : quick;
  }
}
