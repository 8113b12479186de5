/**
 * Compares the connection table of this director with the summaries of the others: whether it has
 * caught up with the MASTER's, which connections the others lack, and how many a move has lost.
 */
import { emptySummary, type TableSummary } from '../../net/connection.ts';
import {
  after,
  type Duration,
  type Instant,
  LONG_AGO,
  latest,
  NO_TIME,
  seconds,
  shortest,
  times,
} from '../../net/time.ts';
import { COMPARISONS, differenceOf, TableComparison } from './table-comparison.ts';

/** A director that was silent for this long no longer counts. */
const FORGET: Duration = seconds(10);
/** Summaries are not authenticated: a bound on the memory that forged senders can take. */
const PEERS_MAX = 16;
/** Without summaries, the table must not have grown for at least this long. */
const STEADY: Duration = seconds(10);
/** The kernel's buffer and its check period delay a refresh by this time. */
const BUFFER: Duration = seconds(4);
/** Shortest time between two resends to a director; doubled while resending does not help. */
const RESEND: Duration = seconds(5);
const LONGEST_RESEND: Duration = seconds(60);
/** Larger tables are never identical: one connection in `TOLERANCE` may be in transit. */
const EXACT_UP_TO = 1_000;
const TOLERANCE = 100;
/** Growth by less than this fraction of the table is normal fluctuation. */
const GROWTH = 100;

interface HeardSummary {
  readonly sender: number;
  readonly name: string;
  readonly isMaster: boolean;
  readonly summary: TableSummary;
}

/** Another director, as status shows it. */
interface PeerTable {
  readonly name: string;
  readonly isMaster: boolean;
  readonly heardAt: Instant;
  readonly live: number;
  /** Connections that the director that is not MASTER lacks; undefined: not known yet. */
  readonly missing: number | undefined;
}

/** How many connections a move has lost. */
export interface MoveReport {
  readonly kind: 'hand-over' | 'take-over';
  /** The new MASTER after a hand-over, the former one after a takeover; undefined: none was heard. */
  readonly peer: string | undefined;
  /** Live connections of the former MASTER. */
  readonly live: number;
  /** How many the new MASTER lacked at the moment of the move; undefined: not known. */
  readonly before: number | undefined;
  /** How many the new MASTER lacks; undefined: not known. */
  readonly missing: number | undefined;
}

interface Peer {
  name: string;
  isMaster: boolean;
  heardAt: Instant;
  summary: TableSummary;
  readonly comparison: TableComparison;
  /** How many connections it lacked before it became MASTER. */
  lacked: number | undefined;
  resentAt: Instant | undefined;
  resends: number;
}

interface TakeOver {
  readonly former: Peer;
  readonly comparison: TableComparison;
  readonly before: number | undefined;
  /** For each bucket, what was missing at the move: a connection that ended later was not lost. */
  readonly lacking: Uint16Array;
  count: number;
}

export class TableStanding {
  readonly #peers = new Map<number, Peer>();
  #refresh: Duration;
  #isMaster: boolean;
  #own = emptySummary();
  /** The table has not grown since then; undefined: it was not read yet. */
  #steadySince: Instant | undefined;
  #steadyAt = 0;
  #takeOver: TakeOver | undefined;

  /** `refresh`: period in which the kernel resends connections in use; zero: never. */
  constructor(isMaster: boolean, refresh: Duration) {
    this.#isMaster = isMaster;
    this.#refresh = refresh;
  }

  get own(): TableSummary {
    return this.#own;
  }

  /** Directors that were heard recently. */
  peers(now: Instant): PeerTable[] {
    return this.#fresh(now).map(({ name, isMaster, heardAt, summary, comparison }) => ({
      name,
      isMaster,
      heardAt,
      live: summary.live,
      missing: comparison.missing,
    }));
  }

  /** Takes the new state; returns a report for each director when this one stops being MASTER. */
  follow(isMaster: boolean, now: Instant): MoveReport[] {
    if (isMaster === this.#isMaster) return [];
    this.#isMaster = isMaster;
    const others = this.#fresh(now);
    const former = others.find((peer) => peer.isMaster);
    const reports = isMaster ? [] : this.#handOverReports(others);
    this.#takeOver =
      isMaster && former !== undefined
        ? {
            former: { ...former },
            comparison: new TableComparison(),
            before: former.comparison.missing,
            lacking: differenceOf(former.summary, this.#own),
            count: 0,
          }
        : undefined;
    for (const { comparison } of this.#peers.values()) comparison.reset();
    this.#steadySince = undefined;
    return reports;
  }

  /** Takes the table as it was read; returns the report of a takeover once it is known. */
  read(summary: TableSummary, now: Instant): MoveReport | undefined {
    this.#own = summary;
    this.#checkGrowth(summary.live, now);
    const takeOver = this.#takeOver;
    if (takeOver === undefined) return undefined;
    takeOver.comparison.add(takeOver.former.summary, summary);
    takeOver.count++;
    if (takeOver.count < COMPARISONS) return undefined;
    this.#takeOver = undefined;
    const { former, comparison, before, lacking } = takeOver;
    const { live } = former.summary;
    const missing = comparison.missingWithin(lacking);
    return { kind: 'take-over', peer: former.name, live, before, missing };
  }

  heard({ sender, name, isMaster, summary }: HeardSummary, now: Instant): void {
    const known = this.#peers.get(sender);
    if (known === undefined && this.#fresh(now).length >= PEERS_MAX) return;
    const peer: Peer = known ?? {
      ...{ name, isMaster, heardAt: now, summary },
      comparison: new TableComparison(),
      lacked: undefined,
      resentAt: undefined,
      resends: 0,
    };
    if (known === undefined) this.#peers.set(sender, peer);
    if (peer.isMaster !== isMaster) {
      peer.lacked = isMaster ? peer.comparison.missing : undefined;
      peer.comparison.reset();
    }
    Object.assign(peer, { name, isMaster, heardAt: now, summary });
    if (isMaster === this.#isMaster) return;
    if (isMaster) peer.comparison.add(summary, this.#own);
    else peer.comparison.add(this.#own, summary);
    if (peer.comparison.missing === 0) peer.resends = 0;
  }

  /** True if this table has what the MASTER's has, as far as can be known. */
  hasCaughtUp(now: Instant): boolean {
    if (this.#isMaster) return true;
    const master = this.#fresh(now).find((peer) => peer.isMaster);
    if (master === undefined) return this.#isSteady(now);
    const { missing } = master.comparison;
    return missing !== undefined && missing <= toleranceFor(master.summary.live);
  }

  /** Buckets with connections that another director lacks and that are due to be sent again. */
  resend(now: Instant): ReadonlySet<number> {
    const buckets = new Set<number>();
    if (!this.#isMaster) return buckets;
    for (const peer of this.#fresh(now)) {
      if (peer.isMaster || (peer.comparison.missing ?? 0) === 0) continue;
      const wait = times(RESEND, 2 ** Math.max(0, peer.resends - 1));
      const resentAt = peer.resentAt ?? LONG_AGO;
      if (now < after(resentAt, shortest(wait, LONGEST_RESEND))) continue;
      for (const bucket of peer.comparison.buckets) buckets.add(bucket);
      peer.resentAt = now;
      peer.resends++;
    }
    return buckets;
  }

  refreshEvery(refresh: Duration): void {
    this.#refresh = refresh;
  }

  #handOverReports(others: readonly Peer[]): MoveReport[] {
    const { live } = this.#own;
    if (others.length === 0) {
      return [{ kind: 'hand-over', peer: undefined, live, before: undefined, missing: undefined }];
    }
    return others.map(({ name, isMaster, lacked, comparison }) => {
      const missing = isMaster ? lacked : comparison.missing;
      return { kind: 'hand-over', peer: name, live, before: missing, missing };
    });
  }

  #fresh(now: Instant): Peer[] {
    for (const [sender, { heardAt }] of this.#peers) {
      if (now > after(heardAt, FORGET)) this.#peers.delete(sender);
    }
    return [...this.#peers.values()];
  }

  #checkGrowth(live: number, now: Instant): void {
    if (this.#steadySince !== undefined && live <= this.#steadyAt + this.#steadyAt / GROWTH) return;
    this.#steadySince = now;
    this.#steadyAt = live;
  }

  /** True if every connection in use was resent since this table started to receive. */
  #isSteady(now: Instant): boolean {
    if (this.#steadySince === undefined) return false;
    const end = after(this.#steadySince, STEADY);
    if (this.#refresh === NO_TIME) return now >= end;
    return now >= latest(end, after(after(this.#steadySince, this.#refresh), BUFFER));
  }
}

function toleranceFor(live: number): number {
  return live < EXACT_UP_TO ? 0 : Math.floor(live / TOLERANCE);
}
