/**
 * Deadlines of all virtual routers, (router, timer) -> instant. A deadline that moves later costs a
 * store and nothing else: the earliest deadline is kept as a lower bound and made exact only when
 * it is reached, so a heard advertisement arms no timer.
 */
import { type Duration, type Instant, NEVER } from '../../net/time.ts';

/** Those that are not the protocol's; `protocol.ts` has the others, and no other file can reach them. */
export const TIMERS = [
  /** Next round of announcements. */
  'announce',
  /** A refused address operation is tried again. */
  'addresses',
  /** Another MASTER is silent. */
  'rival',
  /** Time to look again which other station has the addresses. */
  'conflict',
  /** The link of the virtual MAC is made again, or set down. */
  'virtual-link',
  /** The lifetimes of the addresses are renewed. */
  'lease',
  /** End of the overlap with the successor of a hand-over. */
  'overlap',
] as const;

export type TimerName = (typeof TIMERS)[number];

interface Row {
  deadlines: Float64Array;
  /** No deadline of the row lies before it. */
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

  /** Room for so many routers; what runs keeps running. */
  grow(routers: number): void {
    for (const row of this.#all) {
      if (row.deadlines.length >= routers) continue;
      const deadlines = disarmed(routers);
      deadlines.set(row.deadlines);
      row.deadlines = deadlines;
    }
  }

  set(timer: Name, router: number, at: Instant): void {
    const row = this.#rows[timer];
    row.deadlines[router] = at;
    if (at < row.earliest) row.earliest = at;
  }

  clear(timer: Name, router: number): void {
    this.#rows[timer].deadlines[router] = NEVER;
  }

  /** Every timer of one router. */
  clearAll(router: number): void {
    for (const row of this.#all) row.deadlines[router] = NEVER;
  }

  at(timer: Name, router: number): Instant {
    return (this.#rows[timer].deadlines[router] ?? NEVER) as Instant;
  }

  /** A lower bound of all deadlines; NEVER when nothing is armed. */
  next(): Instant {
    let earliest: number = NEVER;
    for (const row of this.#all) if (row.earliest < earliest) earliest = row.earliest;
    return earliest as Instant;
  }

  /**
   * Calls back for each router whose deadline has been reached, disarmed already; the callback may
   * arm it again. Makes the lower bound of the timer exact.
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

  /** Makes all lower bounds exact: a deadline that has moved wakes the loop no earlier. */
  tighten(): void {
    for (const row of this.#all) row.earliest = earliestOf(row);
  }
}

function disarmed(routers: number): Float64Array {
  return new Float64Array(routers).fill(NEVER);
}

function earliestOf({ deadlines }: Row): number {
  let earliest: number = NEVER;
  for (const deadline of deadlines) if (deadline < earliest) earliest = deadline;
  return earliest;
}

/**
 * Start of the grid on which a MASTER advertises: one interval from now, brought forward to a
 * multiple of a tenth of the interval, 10 ms at most. Routers that became MASTER one after the other
 * then share their ticks, and one system call sends for all of them.
 */
export function firstTick(interval: Duration, now: Instant): Instant {
  const slot = Math.min(interval / 10, 10_000);
  return (Math.floor((now + interval) / slot) * slot) as Instant;
}

/** The next tick of the grid that lies ahead: missed ticks are skipped, never made up for. */
export function nextTick(deadline: Instant, interval: Duration, now: Instant): Instant {
  const missed = Math.floor((now - deadline) / interval);
  return (deadline + (missed + 1) * interval) as Instant;
}
