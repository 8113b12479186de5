/** The outages and moves in the periods of an instance, each with its cause, planned or not. Pure. */
import type { Lane, LaneSpan, Motive, Reason } from './lanes.ts';
import type { Period } from './periods.ts';

export interface Outage extends Reason {
  readonly from: number;
  readonly to: number;
  readonly planned: boolean;
  /** MASTER before; null: unknown. */
  readonly before: string | null;
  /** MASTER after it; null: it lasts to the end of the time that is looked at. */
  readonly after: string | null;
}

export interface Move extends Reason {
  /** When the new MASTER took over. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly planned: boolean;
  /** How long none served, in milliseconds; null: unknown. */
  readonly gap_ms: number | null;
  /** How long both were MASTER. */
  readonly overlap_ms: number;
}

export interface Changes {
  readonly outages: readonly Outage[];
  readonly moves: readonly Move[];
}

export interface Known {
  readonly lanes: readonly Lane[];
  readonly motives: readonly Motive[];
}

/** Causes that an operator or the configuration intends. The others are failures. */
const PLANNED: ReadonlySet<string> = new Set([
  ...['shutdown', 'stopped', 'successor-heard', 'no-successor', 'higher-priority', 'started'],
  ...['still-master', 'owner-started', 'preemption', 'preempt-delay-passed'],
  // The MASTER resigned; its own history, where it is known, says why.
  ...['priority-zero', 'master-resigned', 'fault-cleared'],
]);

/** How long before a change its motive may lie. */
const MOTIVE_MS = 30_000;

export function changesIn(periods: readonly Period[], known: Known): Changes {
  const walk = new Walk(known);
  for (const period of periods) walk.take(period);
  return walk.end();
}

class Walk {
  readonly #known: Known;
  readonly #outages: Outage[] = [];
  readonly #moves: Move[] = [];
  /** The MASTER, or the last one. */
  #holder: string | undefined;
  #gap: { from: number; to: number; isKnown: boolean } | undefined;
  /** A second MASTER, and since when. */
  readonly #joined = new Map<string, number>();

  constructor(known: Known) {
    this.#known = known;
  }

  take(period: Period): void {
    if (period.kind === 'before') return;
    if (period.kind !== 'served') {
      const isKnown = period.kind === 'outage';
      const before = this.#gap ?? { from: period.from, isKnown };
      this.#gap = { from: before.from, to: period.to, isKnown: before.isKnown && isKnown };
      if (isKnown) this.#outage(period);
      return;
    }
    this.#join(period);
    this.#served(period);
    this.#gap = undefined;
  }

  end(): Changes {
    return { outages: this.#outages, moves: this.#moves };
  }

  #join({ from, holders }: Period): void {
    const [only] = holders;
    if (
      holders.length === 1 &&
      only !== undefined &&
      this.#joined.size === 1 &&
      this.#joined.has(only)
    ) {
      return;
    }
    for (const name of [...this.#joined.keys()]) {
      if (!holders.includes(name)) this.#joined.delete(name);
    }
    for (const name of holders) if (!this.#joined.has(name)) this.#joined.set(name, from);
  }

  #served({ from, holders }: Period): void {
    const before = this.#holder;
    if (before !== undefined && holders.includes(before)) return;
    const next = holders[0];
    if (next === undefined) return;
    this.#holder = next;
    if (before === undefined) return;
    const since = this.#joined.get(next) ?? from;
    const gap = this.#gap;
    const why = this.#why({ name: before, at: gap?.from ?? from }, { name: next, at: since });
    // Written out, like the other records here: spreading tens of thousands of objects takes longer.
    this.#moves.push({
      at: since,
      from: before,
      to: next,
      planned: why.planned,
      cause: why.cause,
      reason: why.reason,
      gap_ms: gap === undefined ? 0 : gap.isKnown ? gap.to - gap.from : null,
      overlap_ms: Math.max(0, from - since),
    });
  }

  #outage({ from, to }: Period): void {
    const after = this.#masterAt(to);
    const before = this.#holder ?? null;
    const why = this.#why({ name: before, at: from }, { name: after, at: to });
    const { planned, cause: code, reason } = why;
    this.#outages.push({ from, to, before, after, planned, cause: code, reason });
  }

  #masterAt(at: number): string | null {
    const lane = this.#known.lanes.find(({ spans }) => {
      const span = spans[firstAfter(spans, at, startOf) - 1];
      return span?.from === at && span.state === 'MASTER';
    });
    return lane?.director ?? null;
  }

  /** When one ended to be MASTER, and when the other began. */
  #why(ended: Holder, began: Holder) {
    const left = departure(this.#laneOf(ended.name), ended.at);
    const why = cause(left, arrival(this.#laneOf(began.name), began.at));
    const motive = this.#motive(left?.from ?? began.at);
    const isPlannedNow =
      isPlanned(why) || (why.cause === 'group-backup' && motive?.kind === 'command');
    if (motive?.kind === 'command' && isPlannedNow) {
      return { planned: true, cause: why.cause, reason: motive.text };
    }
    if (motive?.kind === 'track' && why.cause === 'higher-priority') {
      return { planned: false, cause: 'track', reason: motive.text };
    }
    return { planned: isPlannedNow, cause: why.cause, reason: why.reason };
  }

  #laneOf(director: string | null): Lane | undefined {
    return this.#known.lanes.find((lane) => lane.director === director);
  }

  /** The last one shortly before. */
  #motive(at: number): Motive | undefined {
    const { motives } = this.#known;
    const last = motives[firstAfter(motives, at + 1, timeOf) - 1];
    return last !== undefined && last.at >= at - MOTIVE_MS ? last : undefined;
  }
}

interface Holder {
  readonly name: string | null;
  readonly at: number;
}

/** The first span after the last one as MASTER before `at`. */
function departure(lane: Lane | undefined, at: number): LaneSpan | undefined {
  if (lane === undefined) return undefined;
  const { spans } = lane;
  let index = firstAfter(spans, at, startOf) - 1;
  while (index > 0 && spans[index - 1]?.state !== 'MASTER') index -= 1;
  return index > 0 && spans[index]?.state !== 'MASTER' ? spans[index] : undefined;
}

function arrival(lane: Lane | undefined, at: number): LaneSpan | undefined {
  const span = lane?.spans[firstAfter(lane.spans, at, startOf) - 1];
  return span?.state === 'MASTER' ? span : undefined;
}

const startOf = ({ from }: LaneSpan) => from;
const timeOf = ({ at }: Motive) => at;

/** Index of the first of the rows, which are in order, that is later than `at`. */
function firstAfter<Row>(rows: readonly Row[], at: number, timeIn: (row: Row) => number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle];
    if (row !== undefined && timeIn(row) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

const UNKNOWN: Reason = { cause: 'unknown', reason: 'not known' };

/** Why the former MASTER left says more than why the new one came. */
function cause(left: LaneSpan | undefined, came: LaneSpan | undefined): Reason {
  return (left?.cause === '' ? came : left) ?? came ?? UNKNOWN;
}

function isPlanned({ cause: code, reason }: Reason): boolean {
  if (code === 'fault') return reason.split(', ').every((one) => one === 'maintenance');
  return PLANNED.has(code);
}
