/**
 * Deadlines of all virtual routers, (router, timer) -> instant. A deadline that moves later costs a
 * single store: the earliest deadline is a lower bound that becomes exact only when it is reached, so
 * a received advertisement does not touch the timer of the event loop.
 */
import { type Duration, type Instant, NEVER } from '../../../net/time.ts';

/** All timers except those of the protocol, which `protocol.ts` keeps to itself. */
export const TIMERS = [
  /** Next round of announcements. */
  'announce',
  /** A refused address operation is tried again. */
  'addresses',
  /** What another program keeps undoing is repaired. */
  'repair',
  /** The other MASTER of a dual MASTER is silent. */
  'rival',
  /** Next check of a conflicting host, or the first probe of a new MASTER. */
  'conflict',
  /** The virtual link is made again, or set down. */
  'virtual-link',
  /** Next renewal of the lifetimes of the addresses. */
  'lease',
  /** End of a survey of VRIDs. */
  'survey',
  /** The unicast peers are greeted again. */
  'greeting',
  /** The evidence about a MASTER is looked at again. */
  'inquiry',
  /** The permission of a router with a witness is looked at again. */
  'witness',
  /** End of the overlap with the successor of a hand-over. */
  'overlap',
] as const;

type TimerName = (typeof TIMERS)[number];

interface Row {
  deadlines: Float64Array;
  /** A lower bound of the deadlines. */
  earliest: number;
}

export class Timers<Name extends string = TimerName> {
  readonly #rows: { readonly [Timer in Name]: Row };
  readonly #all: readonly Row[];

  constructor(names: readonly Name[], routers: number) {
    const rows = names.map((name): [Name, Row] => [
      name,
      { deadlines: disarmed(routers), earliest: NEVER },
    ]);
    this.#rows = Object.fromEntries(rows) as { [Timer in Name]: Row };
    this.#all = rows.map(([, row]) => row);
  }

  /** Makes room for this number of routers; running timers are kept. */
  grow(routers: number): void {
    for (const row of this.#all) {
      const deadlines = disarmed(Math.max(routers, row.deadlines.length));
      deadlines.set(row.deadlines);
      row.deadlines = deadlines;
    }
  }

  set(timer: Name, router: number, at: Instant): void {
    const row = this.#rows[timer];
    row.deadlines[router] = at;
    row.earliest = Math.min(row.earliest, at);
  }

  clear(timer: Name, router: number): void {
    this.#rows[timer].deadlines[router] = NEVER;
  }

  clearAll(router: number): void {
    for (const row of this.#all) row.deadlines[router] = NEVER;
  }

  at(timer: Name, router: number): Instant {
    return (this.#rows[timer].deadlines[router] ?? NEVER) as Instant;
  }

  /** A lower bound of all deadlines; NEVER when nothing is armed. */
  next(): Instant {
    let earliest: number = NEVER;
    for (const row of this.#all) earliest = Math.min(earliest, row.earliest);
    return earliest as Instant;
  }

  /** A lower bound of the deadlines of one timer; NEVER when it is not armed. */
  nextOf(timer: Name): Instant {
    return this.#rows[timer].earliest as Instant;
  }

  /**
   * Calls back for each router whose deadline has been reached. The timer is disarmed by then, and
   * the callback may arm it again. Makes the lower bound of the timer exact.
   */
  fire(timer: Name, now: Instant, callback: (router: number, deadline: Instant) => void): void {
    const row = this.#rows[timer];
    if (row.earliest > now) return;
    const { deadlines } = row;
    for (let router = 0; router < deadlines.length; router++) {
      const deadline = deadlines[router] ?? NEVER;
      if (deadline > now) continue;
      deadlines[router] = NEVER;
      callback(router, deadline as Instant);
    }
    row.earliest = earliestOf(row);
  }

  /** Makes all lower bounds exact, so that a deadline that has moved later causes no early wake-up. */
  tighten(): void {
    for (const row of this.#all) row.earliest = earliestOf(row);
  }
}

function disarmed(routers: number): Float64Array {
  return new Float64Array(routers).fill(NEVER);
}

function earliestOf({ deadlines }: Row): number {
  let earliest: number = NEVER;
  for (const deadline of deadlines) earliest = Math.min(earliest, deadline);
  return earliest;
}

/**
 * Start of the grid on which a MASTER advertises: one interval from now, rounded down to a multiple
 * of a tenth of the interval, or of 10 ms if that is less. Routers that became MASTER shortly after
 * each other share their ticks, and one system call sends for all of them.
 */
export function firstTick(interval: Duration, now: Instant): Instant {
  const slot = Math.min(interval / 10, 10_000);
  return (Math.floor((now + interval) / slot) * slot) as Instant;
}

/** The next future tick of the grid: missed ticks are skipped. */
export function nextTick(deadline: Instant, interval: Duration, now: Instant): Instant {
  const missed = Math.floor((now - deadline) / interval);
  return (deadline + (missed + 1) * interval) as Instant;
}
