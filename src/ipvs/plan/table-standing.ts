/**
 * Where the table of connections of this director stands beside those of the others: whether it has
 * caught up with the MASTER's, what the others lack of it, and what a move has cost. Hears summaries,
 * sends nothing.
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

/** A director that was silent for so long is not counted on. */
const FORGET: Duration = seconds(10);
/** Summaries are not authenticated: whoever makes names up takes so much memory and no more. */
const PEERS_MAX = 16;
/** Without summaries: how long the table must not have grown, at least. */
const STEADY: Duration = seconds(10);
/** What the kernel's buffer and its check period add to a refresh. */
const BUFFER: Duration = seconds(4);
/** Wait between two times that connections are sent again, doubled while that does not help. */
const RESEND: Duration = seconds(5);
const LONGEST_RESEND: Duration = seconds(60);
/** Large tables are never quite the same: one connection in so many may be on its way. */
const EXACT_UP_TO = 1_000;
const TOLERANCE = 100;
/** In a table of that size the beginning and end of connections is no growth. */
const GROWTH = 100;

export interface HeardSummary {
  readonly sender: number;
  readonly name: string;
  readonly isMaster: boolean;
  readonly summary: TableSummary;
}

/** What is known of another director. */
export interface PeerTable {
  readonly name: string;
  readonly isMaster: boolean;
  readonly heardAt: Instant;
  readonly live: number;
  /** Connections that the table of the one who is not MASTER lacks; undefined: not known yet. */
  readonly missing: number | undefined;
}

/** The connections of a move. */
export interface MoveReport {
  readonly kind: 'hand-over' | 'take-over';
  /** The director that takes over, or had them before; undefined: none has told. */
  readonly peer: string | undefined;
  /** Live connections of the former MASTER. */
  readonly live: number;
  /** Those that the new MASTER lacked at the moment of the move; undefined: not known. */
  readonly before: number | undefined;
  /** Those that the new MASTER lacks; undefined: not known. */
  readonly missing: number | undefined;
}

interface Peer {
  name: string;
  isMaster: boolean;
  heardAt: Instant;
  summary: TableSummary;
  readonly comparison: TableComparison;
  /** What it lacked before it became MASTER. */
  lacked: number | undefined;
  resentAt: Instant | undefined;
  resends: number;
}

interface TakeOver {
  readonly former: Peer;
  readonly comparison: TableComparison;
  readonly before: number | undefined;
  /** Of each bucket what was not here at that moment: what ends afterwards was not lost by the move. */
  readonly lacking: Uint16Array;
  count: number;
}

export class TableStanding {
  readonly #peers = new Map<number, Peer>();
  #refresh: Duration;
  #isMaster: boolean;
  #own = emptySummary();
  /** Since when the table has not grown; undefined: it was not read yet. */
  #steadySince: Instant | undefined;
  #steadyAt = 0;
  #takeOver: TakeOver | undefined;

  /** `refresh`: how often the kernel sends again what is in use; zero: never. */
  constructor(isMaster: boolean, refresh: Duration) {
    this.#isMaster = isMaster;
    this.#refresh = refresh;
  }

  get own(): TableSummary {
    return this.#own;
  }

  /** Of others that were heard lately. */
  peers(now: Instant): PeerTable[] {
    return this.#fresh(now).map(({ name, isMaster, heardAt, summary, comparison }) => ({
      name,
      isMaster,
      heardAt,
      live: summary.live,
      missing: comparison.missing,
    }));
  }

  /** The state has changed; answers what is known of a move away from here. */
  follow(isMaster: boolean, now: Instant): MoveReport[] {
    if (isMaster === this.#isMaster) return [];
    this.#isMaster = isMaster;
    const others = this.#fresh(now);
    const former = others.find((peer) => peer.isMaster);
    const reports = isMaster ? [] : this.#leaving(others);
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

  /** The table was read; answers what a take-over has cost, once that is known. */
  read(summary: TableSummary, now: Instant): MoveReport | undefined {
    this.#own = summary;
    this.#noteGrowth(summary.live, now);
    const takeOver = this.#takeOver;
    if (takeOver === undefined) return undefined;
    takeOver.comparison.note(takeOver.former.summary, summary);
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
    if (isMaster) peer.comparison.note(summary, this.#own);
    else peer.comparison.note(this.#own, summary);
    if (peer.comparison.missing === 0) peer.resends = 0;
  }

  /** Whether the table has what the MASTER's has, as far as can be known. */
  hasCaughtUp(now: Instant): boolean {
    if (this.#isMaster) return true;
    const master = this.#fresh(now).find((peer) => peer.isMaster);
    if (master === undefined) return this.#isSteady(now);
    const { missing } = master.comparison;
    return missing !== undefined && missing <= toleranceFor(master.summary.live);
  }

  /** Buckets of connections that another director lacks and that are to be sent to it again now. */
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

  /** `sync_refresh_period` is another one. */
  refreshEvery(refresh: Duration): void {
    this.#refresh = refresh;
  }

  #leaving(others: readonly Peer[]): MoveReport[] {
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

  #noteGrowth(live: number, now: Instant): void {
    if (this.#steadySince !== undefined && live <= this.#steadyAt + this.#steadyAt / GROWTH) return;
    this.#steadySince = now;
    this.#steadyAt = live;
  }

  /** Whatever is in use has been sent again since the table began to receive. */
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
