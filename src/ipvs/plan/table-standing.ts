/**
 * Compares the connection table of this director with the summaries of the others: whether it has
 * caught up with the MASTER's, which connections the others lack, and how many a move has lost.
 */
import { emptySummary, type TableReading, type TableSummary } from '../../net/connection.ts';
import {
  after,
  type Duration,
  earliest,
  type Instant,
  LONG_AGO,
  latest,
  NO_TIME,
  seconds,
  shortest,
  times,
} from '../../net/time.ts';
import { COMPARISONS, differenceOf, groundOf, TableComparison } from './table-comparison.ts';

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
/** So long a director waits with a tolerable difference: until then the MASTER resends at least twice. */
const REPAIR: Duration = seconds(15);
/** Growth by less than this fraction of the table is normal fluctuation. */
const GROWTH = 100;
/**
 * Two readings can be compared if one ended at most this long after the other, and twice the time that
 * reading takes: the connections that begin meanwhile are missing in the older one.
 */
const ALIGNED: Duration = seconds(2);
/** A takeover whose table takes longer to be read this often has no known losses. */
const SETTLED: Duration = seconds(20);

interface HeardSummary {
  /** Address of the sender, and its own number: a process that starts again has another one. */
  readonly address: string;
  readonly sender: number;
  readonly name: string;
  readonly isMaster: boolean;
  /** The table was not read again since the last summary. */
  readonly isRepetition: boolean;
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
  readonly sender: number;
  name: string;
  isMaster: boolean;
  heardAt: Instant;
  /** When its table was read, as far as known. */
  readAt: Instant;
  summary: TableSummary;
  isCompared: boolean;
  /** The own reading with which it was compared last. */
  comparedWith: number;
  readonly comparison: TableComparison;
  /** When it was compared last, and since when what it has and this table lacks is tolerable. */
  comparedAt: Instant;
  tolerableSince: Instant | undefined;
  /** A comparison was added since the last resend. */
  isNews: boolean;
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
  readonly lacking: Uint32Array;
  readonly ground: TableComparison['ground'];
  readonly since: Instant;
  count: number;
}

export class TableStanding {
  /** By address. */
  readonly #peers = new Map<string, Peer>();
  #refresh: Duration;
  #isMaster: boolean;
  #reading: TableReading = { all: emptySummary(), shared: emptySummary() };
  /** How often the table was read, when it was last, and how long that took. */
  #readings = 0;
  #readAt: Instant = LONG_AGO;
  #readTook: Duration = NO_TIME;
  #arrivedAt: Instant = LONG_AGO;
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
    return this.#reading.all;
  }

  /** What this director sends to the others: a MASTER does not ask them to have what they do not need. */
  get shared(): TableSummary {
    return this.#isMaster ? this.#reading.shared : this.#reading.all;
  }

  /** When the last of the other directors appeared. */
  get arrivedAt(): Instant {
    return this.#arrivedAt;
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
            lacking: differenceOf(former.summary, this.own),
            ground: groundOf(former.summary, this.own),
            since: now,
            count: 0,
          }
        : undefined;
    this.#forgetComparisons();
    return reports;
  }

  /** Takes the table, which took this long to read; returns the report of a takeover once it is known. */
  read(reading: TableReading, now: Instant, took: Duration = NO_TIME): MoveReport | undefined {
    const summary = reading.all;
    this.#reading = reading;
    this.#readings++;
    this.#readAt = now;
    this.#readTook = took;
    this.#checkGrowth(summary.live, now);
    for (const peer of this.#fresh(now)) this.#compare(peer, now);
    const takeOver = this.#takeOver;
    if (takeOver === undefined) return undefined;
    const isTooLate = now > after(takeOver.since, SETTLED);
    takeOver.comparison.add(takeOver.former.summary, summary);
    takeOver.count++;
    if (takeOver.count < COMPARISONS && !isTooLate) return undefined;
    this.#takeOver = undefined;
    const { former, comparison, before, lacking, ground } = takeOver;
    const { live } = former.summary;
    const isKnown = !isTooLate && comparison.ground === ground;
    const missing = isKnown ? comparison.missingWithin(lacking) : undefined;
    return { kind: 'take-over', peer: former.name, live, before, missing };
  }

  /** False: too many others are heard, and the message was ignored. */
  heard(message: HeardSummary, now: Instant): boolean {
    const { address, sender, name, isMaster, isRepetition, summary } = message;
    const known = this.#peers.get(address);
    if (known === undefined && !this.#makeRoom(isMaster, now)) return false;
    const peer = known?.sender === sender ? known : newPeer(message, now);
    if (peer !== known) {
      this.#peers.set(address, peer);
      this.#arrivedAt = now;
    }
    if (peer.isMaster !== isMaster) {
      peer.lacked = isMaster ? peer.comparison.missing : undefined;
      peer.comparison.reset();
    }
    Object.assign(peer, { name, isMaster, heardAt: now });
    if (isRepetition) return true;
    Object.assign(peer, { summary, readAt: now, isCompared: false });
    this.#compare(peer, now);
    return true;
  }

  /** More directors may be heard. */
  hasRoom(now: Instant): boolean {
    return this.#fresh(now).length < PEERS_MAX;
  }

  /**
   * True if this table has what the MASTER's has, as far as can be known. Of several that claim to be MASTER
   * every one counts: a forged one must not let this director preempt without its connections. While they
   * leave no room, another one may be unheard.
   */
  hasCaughtUp(now: Instant): boolean {
    if (this.#isMaster) return true;
    const masters = this.#fresh(now).filter((peer) => peer.isMaster);
    if (masters.length === 0) return this.#isSteady();
    if (masters.length >= PEERS_MAX) return false;
    return masters.every((master) => {
      const { missing } = master.comparison;
      return missing === 0 || (missing !== undefined && isPastRepair(master));
    });
  }

  /** Buckets with connections that another director lacks and that are due to be sent again. */
  resend(now: Instant): ReadonlySet<number> {
    const buckets = new Set<number>();
    if (!this.#isMaster) return buckets;
    for (const peer of this.#fresh(now)) {
      const { buckets: lacking } = peer.comparison;
      if (peer.isMaster || !peer.isNews || lacking.size === 0) continue;
      const wait = times(RESEND, 2 ** Math.max(0, peer.resends - 1));
      const resentAt = peer.resentAt ?? LONG_AGO;
      if (now < after(resentAt, shortest(wait, LONGEST_RESEND))) continue;
      for (const bucket of lacking) buckets.add(bucket);
      peer.isNews = false;
      peer.resentAt = now;
      peer.resends++;
    }
    return buckets;
  }

  refreshEvery(refresh: Duration): void {
    this.#refresh = refresh;
  }

  #handOverReports(others: readonly Peer[]): MoveReport[] {
    const { live } = this.own;
    if (others.length === 0) {
      return [{ kind: 'hand-over', peer: undefined, live, before: undefined, missing: undefined }];
    }
    return others.map(({ name, isMaster, lacked, comparison }) => {
      const missing = isMaster ? lacked : comparison.missing;
      return { kind: 'hand-over', peer: name, live, before: missing, missing };
    });
  }

  /**
   * A MASTER takes the place of one that is none: made-up senders must not hide it. A director that is MASTER
   * itself keeps those that it resends to.
   */
  #makeRoom(isMaster: boolean, now: Instant): boolean {
    if (this.hasRoom(now)) return true;
    if (!isMaster || this.#isMaster) return false;
    const [address] = [...this.#peers].find(([, peer]) => !peer.isMaster) ?? [];
    return address !== undefined && this.#peers.delete(address);
  }

  /** Compares each reading of a table once, and only readings of about the same time. */
  #compare(peer: Peer, now: Instant): void {
    if (peer.isMaster === this.#isMaster) return;
    if (peer.isCompared || peer.comparedWith === this.#readings) return;
    const older = earliest(peer.readAt, this.#readAt);
    if (now > after(after(older, ALIGNED), times(this.#readTook, 2))) return;
    peer.isCompared = true;
    peer.comparedWith = this.#readings;
    peer.isNews = true;
    peer.comparedAt = now;
    if (peer.isMaster) peer.comparison.add(peer.summary, this.#reading.all);
    else peer.comparison.add(this.#reading.shared, peer.summary);
    const { missing } = peer.comparison;
    if (missing === 0) peer.resends = 0;
    const isTolerable = missing !== undefined && missing <= toleranceFor(peer.summary.live);
    peer.tolerableSince = isTolerable ? (peer.tolerableSince ?? now) : undefined;
  }

  #forgetComparisons(): void {
    for (const { comparison } of this.#peers.values()) comparison.reset();
    this.#steadySince = undefined;
  }

  #fresh(now: Instant): Peer[] {
    for (const [address, { heardAt }] of this.#peers) {
      if (now > after(heardAt, FORGET)) this.#peers.delete(address);
    }
    return [...this.#peers.values()];
  }

  #checkGrowth(live: number, now: Instant): void {
    if (this.#steadySince !== undefined && live <= this.#steadyAt + this.#steadyAt / GROWTH) return;
    this.#steadySince = now;
    this.#steadyAt = live;
  }

  /** True if every connection in use was resent since this table started to receive: as the last reading says. */
  #isSteady(): boolean {
    if (this.#steadySince === undefined) return false;
    const end = after(this.#steadySince, STEADY);
    if (this.#refresh === NO_TIME) return this.#readAt >= end;
    return this.#readAt >= latest(end, after(after(this.#steadySince, this.#refresh), BUFFER));
  }
}

function newPeer({ sender, name, isMaster, summary }: HeardSummary, now: Instant): Peer {
  return {
    ...{ sender, name, isMaster, heardAt: now, readAt: LONG_AGO, summary },
    ...{ isCompared: true, comparedWith: 0, comparedAt: LONG_AGO, isNews: false },
    tolerableSince: undefined,
    comparison: new TableComparison(),
    lacked: undefined,
    resentAt: undefined,
    resends: 0,
  };
}

function toleranceFor(live: number): number {
  return live < EXACT_UP_TO ? 0 : Math.floor(live / TOLERANCE);
}

/** What is missing is little, and resending no longer helps; counted tables are not resent. */
function isPastRepair({ comparison, comparedAt, tolerableSince }: Peer): boolean {
  if (tolerableSince === undefined) return false;
  return comparison.ground !== 'connections' || comparedAt >= after(tolerableSince, REPAIR);
}
