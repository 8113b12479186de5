/**
 * Limits how many runs have a process at the same time; the others wait in order of arrival. Runs that
 * timed out the last time get at most half of the slots, so that commands that hang delay only each
 * other.
 */

const SLOTS = 64;

export interface Slot {
  /** The run has ended or is abandoned. Idempotent. */
  leave(): void;
  /** Withdraws a run that has not begun; otherwise does nothing. */
  cancel(): void;
}

interface Visit {
  readonly start: () => void;
  readonly isSlow: boolean;
  readonly since: number;
  state: 'waiting' | 'running' | 'gone';
}

export class RunPool {
  readonly #slots: number;
  readonly #now: () => number;
  /** `slow`: timed out the last time. */
  readonly #waiting = { slow: new Set<Visit>(), quick: new Set<Visit>() };
  #running = 0;
  #slowRunning = 0;

  /** `now`: monotonic milliseconds. */
  constructor(slots = SLOTS, now: () => number = () => performance.now()) {
    this.#slots = slots;
    this.#now = now;
  }

  get running(): number {
    return this.#running;
  }

  /** How long the first quick run has been waiting, in milliseconds; slow ones do not count. */
  get wait(): number {
    const [first] = this.#waiting.quick;
    return first === undefined ? 0 : this.#now() - first.since;
  }

  /** Calls `start` immediately, or as soon as a slot is free. */
  enter(start: () => void, isSlow: boolean): Slot {
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
    while (this.#running < this.#slots) {
      const next = this.#next();
      if (next === undefined) return;
      this.#waiting[next.isSlow ? 'slow' : 'quick'].delete(next);
      next.state = 'running';
      this.#running++;
      if (next.isSlow) this.#slowRunning++;
      next.start();
    }
  }

  /** The longest waiting run that may have a slot. */
  #next(): Visit | undefined {
    const [quick] = this.#waiting.quick;
    const [slow] = this.#slowRunning < this.#slots / 2 ? this.#waiting.slow : [];
    if (quick === undefined || slow === undefined) return quick ?? slow;
    return slow.since < quick.since ? slow : quick;
  }
}
