/**
 * Deadlines of all virtual routers, (router, timer) -> instant. A deadline that moves later costs a
 * store and nothing else: the earliest deadline is kept as a lower bound and made exact only when
 * it is reached, so a heard advertisement arms no timer.
 */
import { type Duration, type Instant, NEVER } from '../net/time.ts';

export const TIMERS = [
  'adver',
  'down',
  'hold',
  'release',
  'announce',
  'addresses',
  'leave',
  'rival',
  'conflict',
  'virtual-link',
  'lease',
  'parting',
] as const;

/**
 * `adver`, `down`: RFC 9568 section 6.2. `hold`: preempt delay. `release`: wait for the successor.
 * `announce`: next round of announcements. `addresses`: try a refused address operation again.
 * `leave`: deadline of `before_master`. `rival`: another MASTER is silent. `conflict`: look again who
 * else has the addresses. `virtual-link`: make the link of the virtual MAC again, or set it down.
 * `lease`: renew the lifetimes of the addresses. `parting`: the successor has had time to be noticed.
 */
export type TimerName = (typeof TIMERS)[number];

interface Row {
  deadlines: Float64Array;
  /** No deadline of the row lies before it. */
  earliest: number;
}

export class Timers {
  readonly #rows: Record<TimerName, Row>;

  constructor(routers: number) {
    const row = (): Row => ({
      deadlines: new Float64Array(routers).fill(NEVER),
      earliest: NEVER,
    });
    this.#rows = {
      adver: row(),
      down: row(),
      hold: row(),
      release: row(),
      announce: row(),
      addresses: row(),
      leave: row(),
      rival: row(),
      conflict: row(),
      'virtual-link': row(),
      lease: row(),
      parting: row(),
    };
  }

  /** Room for so many routers; what runs goes on. */
  grow(routers: number): void {
    for (const timer of TIMERS) {
      const row = this.#rows[timer];
      if (row.deadlines.length >= routers) continue;
      const deadlines = new Float64Array(routers).fill(NEVER);
      deadlines.set(row.deadlines);
      row.deadlines = deadlines;
    }
  }

  set(timer: TimerName, router: number, at: Instant): void {
    const row = this.#rows[timer];
    row.deadlines[router] = at;
    if (at < row.earliest) row.earliest = at;
  }

  clear(timer: TimerName, router: number): void {
    this.#rows[timer].deadlines[router] = NEVER;
  }

  /** Every timer of one router. */
  clearAll(router: number): void {
    for (const timer of TIMERS) this.clear(timer, router);
  }

  at(timer: TimerName, router: number): Instant {
    return (this.#rows[timer].deadlines[router] ?? NEVER) as Instant;
  }

  /** A lower bound of all deadlines; NEVER when nothing is armed. */
  next(): Instant {
    const rows = this.#rows;
    return Math.min(
      rows.adver.earliest,
      rows.down.earliest,
      rows.hold.earliest,
      rows.release.earliest,
      rows.announce.earliest,
      rows.addresses.earliest,
      rows.leave.earliest,
      rows.rival.earliest,
      rows.conflict.earliest,
      rows['virtual-link'].earliest,
      rows.lease.earliest,
      rows.parting.earliest,
    ) as Instant;
  }

  /**
   * Calls back for each router whose deadline has been reached, disarmed already; the callback may
   * arm it again. Makes the lower bound of the timer exact.
   */
  fire(
    timer: TimerName,
    now: Instant,
    callback: (router: number, deadline: Instant) => void,
  ): void {
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

  /** Makes all lower bounds exact: nobody is late for a deadline that has moved. */
  tighten(): void {
    for (const timer of TIMERS) this.#rows[timer].earliest = earliestOf(this.#rows[timer]);
  }
}

function earliestOf({ deadlines }: Row): number {
  let earliest: number = NEVER;
  for (const deadline of deadlines) if (deadline < earliest) earliest = deadline;
  return earliest;
}

/** The next tick of the grid that lies ahead: missed ticks are skipped, never made up for. */
export function nextTick(deadline: Instant, interval: Duration, now: Instant): Instant {
  const missed = Math.floor((now - deadline) / interval);
  return (deadline + (missed + 1) * interval) as Instant;
}
