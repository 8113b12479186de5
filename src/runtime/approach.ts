/**
 * The last milliseconds before a MASTER that is silent has been so for long enough. Seconds after a
 * take-over last ran, its code and data have left the processor's caches, and waking up costs as much
 * as all that is to be done then: so it is rehearsed first, and the rest of the time is spent awake.
 */
import type { Engine } from '../engine/engine.ts';
import type { ClockPort } from '../kernel/ports.ts';
import { type Duration, type Instant, NEVER } from '../net/time.ts';

export interface Rehearsal {
  /** All that a router ever does, where nobody sees it: one or two milliseconds. */
  whole(): void;
  /** A take-over and the system calls of one: tenths of a millisecond. */
  brief(): void;
}

/** Before a deadline. */
const REHEARSE_AHEAD = 8_000 as Duration;

/** What one whole rehearsal may take. */
const REHEARSAL = 5_000 as Duration;

/** From then on brief ones, with as much time between them to listen. */
const BRIEFLY = 1_200 as Duration;
const BREAK = 200 as Duration;

/** What is nearer than this is not worth a wake-up of its own. */
const FAR_OFF = 9_000 as Duration;

type Deadlines = Pick<Engine, 'deadline' | 'awaitsSilence' | 'expectsSilence'>;

export class Approach {
  readonly #engine: Deadlines;
  readonly #clock: ClockPort;
  readonly #rehearsal: Rehearsal | undefined;
  /** Deadline for which a take-over has been rehearsed. */
  #rehearsedFor: Instant = NEVER;

  /** Without a rehearsal nothing is awaited awake. */
  constructor(engine: Deadlines, clock: ClockPort, rehearsal: Rehearsal | undefined) {
    this.#engine = engine;
    this.#clock = clock;
    this.#rehearsal = rehearsal;
  }

  /** When the loop is to wake up: shortly before the deadline when it is that of a silence far off. */
  wakeUpAt(now: Instant): Instant {
    const deadline = this.#engine.deadline();
    if (!this.#awaits(now) || deadline - now <= FAR_OFF) return deadline;
    return (deadline - REHEARSE_AHEAD) as Instant;
  }

  /** Whether some silence is the next thing to come, and soon. */
  isNear(now: Instant): boolean {
    if (!this.#awaits(now) || this.#engine.deadline() - now > REHEARSE_AHEAD) return false;
    return this.#engine.expectsSilence(now, REHEARSE_AHEAD);
  }

  /**
   * Keeps the thread until the deadline: true; or until `hears` has heard somebody: false. However long
   * a rehearsal took, what came in meanwhile is heard before the answer.
   */
  pass(hears: () => boolean): boolean {
    const deadline = this.#engine.deadline();
    this.#rehearsedFor = deadline;
    while (this.#clock.now() < deadline - REHEARSAL) this.#rehearsal?.whole();
    let brieflyAt = deadline - BRIEFLY;
    while (!hears()) {
      const now = this.#clock.now();
      if (now >= deadline) return true;
      if (now >= brieflyAt) brieflyAt = this.#rehearseBriefly(now, deadline);
    }
    return false;
  }

  /** When to do it again: never, when another one might last beyond the deadline. */
  #rehearseBriefly(now: Instant, deadline: Instant): number {
    this.#rehearsal?.brief();
    const end = this.#clock.now();
    const next = end + BREAK;
    return next + 2 * (end - now) < deadline ? next : NEVER;
  }

  #awaits(now: Instant): boolean {
    if (this.#rehearsal === undefined || !this.#engine.awaitsSilence) return false;
    const deadline = this.#engine.deadline();
    return deadline > now && deadline !== this.#rehearsedFor;
  }
}
