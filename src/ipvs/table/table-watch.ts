/**
 * Watches the connection table: reads it, exchanges summaries with the other directors, and resends
 * connections that another one lacks. The kernel sends an entry only when a packet arrives, and cannot
 * update a director that was away.
 *
 * Before Linux 6.14 the kernel walks its whole table for each page that is listed, so twice the
 * connections cost four times as much. What a reading costs decides when the next one comes, and until
 * then the last one is repeated to the others. A table that costs too much to list is counted.
 */

import { pause } from '../../async/deadline.ts';
import { SerialQueue } from '../../async/serial-queue.ts';
import type { SyncSettings } from '../../config/ipvs-settings.ts';
import { BUCKETS, isFlow, isLive, type TableReading } from '../../net/connection.ts';
import { SUMMARY_PORT_OFFSET } from '../../net/ipvs.ts';
import {
  after,
  type Duration,
  elapsed,
  type Instant,
  LONG_AGO,
  microseconds,
  NO_TIME,
  seconds,
  shortest,
  times,
} from '../../net/time.ts';
import { decodeSummary, encodeSummary } from '../../wire/connections/summary-message.ts';
import {
  encodeSyncMessages,
  isSendable,
  type SyncEntry,
} from '../../wire/connections/sync-message.ts';
import { decodeTableLine, decodeTableRow } from '../../wire/connections/table-line.ts';
import { type IpvsLog, messageOf } from '../keep/ipvs-log.ts';
import type { SyncSegment } from '../kernel/sync-segment.ts';
import { FlowAges } from '../plan/flow-ages.ts';
import type { EntryOf } from '../plan/sync-entries.ts';
import { type MoveReport, TableStanding } from '../plan/table-standing.ts';
import { MoveLedger } from './move-ledger.ts';
import {
  LONGEST_READING,
  paceAfter,
  paceOfCounting,
  type ReadingPace,
  retryAfter,
  SMALL,
  troubleOf,
} from './reading-pace.ts';

/** Well below the 10 s after which others forget a silent director. */
const REPEAT: Duration = seconds(4);
/** Datagrams in a burst, and the pause between bursts: the receiver must keep up. */
const BURST = 16;
const BURST_PAUSE_MS = 20;
/** The payload of an Ethernet frame without the headers of IPv6 and UDP. */
const LONGEST_MESSAGE = 1_500 - 48;
/** Most connections resent in one round. */
const ROUND = 20_000;

interface Read {
  readonly table: TableReading;
  readonly took: Duration;
  /** `given-up`: it was counted because it had taken too long to list. */
  readonly how: 'listed' | 'counted' | 'given-up';
}

export type SegmentPort = Pick<SyncSegment, 'send' | 'close'>;

export interface TableWatchOptions {
  readonly router: string;
  /** Random number of this process, to recognise its own summaries. */
  readonly sender: number;
  readonly settings: SyncSettings;
  /** Period in which the kernel resends connections in use; zero: never. */
  readonly refresh: Duration;
  readonly isMaster: boolean;
  readonly log: IpvsLog;
  readonly now: () => Instant;
  /** Processor time that this process has used. */
  readonly processor: () => Duration;
  readonly lines: () => AsyncIterable<readonly string[]>;
  /** The table in numbers, if it is too large to be listed. */
  readonly count: () => TableReading;
  readonly open: (
    hear: (bytes: Uint8Array, address: string) => void,
    fail: (error: Error) => void,
  ) => Promise<SegmentPort>;
  /** Looks up, in the current services, what the connection table does not show. */
  readonly entries: () => EntryOf;
  readonly caughtUp: (hasCaughtUp: boolean) => void;
  /** Reports one move: a hand-over has a report for each other director. */
  readonly moved: (reports: readonly MoveReport[]) => void;
}

export class TableWatch {
  readonly #options: TableWatchOptions;
  readonly standing: TableStanding;
  readonly moves = new MoveLedger();
  readonly #flows = new FlowAges();
  #isMaster: boolean;
  #segment: SegmentPort | undefined;
  #timer: NodeJS.Timeout | undefined;
  #repeater: NodeJS.Timeout | undefined;
  #pace: ReadingPace = { pause: NO_TIME, isSlow: false };
  #isReading = false;
  /** Lines of the last reading. */
  #lines = 0;
  /** Until then, the table is too large to be listed. */
  #listableFrom: Instant = LONG_AGO;
  #endedAt: Instant = LONG_AGO;
  /** When a summary was sent; undefined: none can be repeated. */
  #sentAt: Instant | undefined;
  #hasCaughtUp: boolean | undefined;
  #isClosed = false;
  readonly #rounds = new SerialQueue();
  /** Number of connections that were resent. */
  resent = 0;

  constructor(options: TableWatchOptions) {
    this.#options = options;
    this.#isMaster = options.isMaster;
    this.standing = new TableStanding(options.isMaster, options.refresh);
  }

  get hasCaughtUp(): boolean {
    return this.#hasCaughtUp ?? false;
  }

  start(): void {
    this.#schedule(NO_TIME);
    this.#repeater = setInterval(() => void this.repeat(), REPEAT / 1_000);
  }

  follow(isMaster: boolean): void {
    this.#isMaster = isMaster;
    this.#reportMove(this.standing.follow(isMaster, this.#options.now()));
    this.#judge();
  }

  /** One round, after those that are queued. */
  run(): Promise<void> {
    return this.#rounds.run(() => this.#round());
  }

  /** Tells the others that this director lives, if they have not heard from it for a while. */
  async repeat(): Promise<void> {
    const { now } = this.#options;
    if (this.#segment === undefined || this.#sentAt === undefined) return;
    if (now() < after(this.#sentAt, times(REPEAT, 0.5))) return;
    await this.#send(this.#segment, true).catch((error: Error) => this.#fail(error));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#repeater);
    await this.#rounds.idle();
    this.#closeSegment();
  }

  #schedule(delay: Duration): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.run().finally(() => {
        // A reading of the MASTER's table starts a slow one here; without any, it comes later.
        const isLed = this.#pace.isSlow && !this.#isMaster;
        const { pause: usual } = this.#pace;
        if (!this.#isClosed) this.#schedule(isLed ? times(usual, 2) : usual);
      });
    }, delay / 1_000);
  }

  /** Slow readings of two directors are comparable only if one follows the other. */
  #followMaster(): void {
    if (this.#isReading || this.#isMaster || !this.#pace.isSlow) return;
    const isDue = this.#options.now() >= after(this.#endedAt, this.#pace.pause);
    if (isDue) this.#schedule(NO_TIME);
  }

  async #round(): Promise<void> {
    if (this.#isClosed) return;
    const { log, now } = this.#options;
    const cost = this.#stopwatch();
    this.#isReading = true;
    try {
      const read = await this.#read(cost);
      if (this.#isClosed) return;
      const report = this.standing.read(read.table, now(), read.took);
      if (report !== undefined) this.#reportMove([report]);
      if (this.#options.settings.catchUp) await this.#exchange();
      log.settled('connection table');
      if (this.standing.hasRoom(now())) log.settled('senders of summaries');
      this.#adoptPace(cost(), read.how);
    } catch (error) {
      this.#closeSegment();
      log.trouble('connection table', 'ipvs-table-failed', messageOf(error));
      this.#adoptPace(cost(), 'listed');
    } finally {
      this.#isReading = false;
    }
    this.#judge();
  }

  async #read(cost: () => Duration): Promise<Read> {
    const { now, count } = this.#options;
    const start = now();
    const isListable = start >= this.#listableFrom;
    const table = isListable ? await this.#list(cost) : undefined;
    if (table !== undefined) return { table, took: elapsed(start, now()), how: 'listed' };
    const how = isListable ? 'given-up' : 'counted';
    return { table: count(), took: NO_TIME, how };
  }

  /**
   * Of two upper bounds the lower one: on a machine that is busy otherwise, or stood still, much time passes
   * that the reading has not cost.
   */
  #stopwatch(): () => Duration {
    const { now, processor } = this.#options;
    const [start, used] = [now(), processor()];
    return () => shortest(elapsed(start, now()), microseconds(processor() - used));
  }

  #adoptPace(took: Duration, how: Read['how']): void {
    const { log, now } = this.#options;
    this.#endedAt = now();
    if (how === 'counted') {
      this.#pace = paceOfCounting(took);
      return;
    }
    const cost = { took, lines: this.#lines, isWhole: how === 'listed' };
    this.#pace = how === 'listed' ? paceAfter(cost) : paceOfCounting(NO_TIME);
    if (how === 'given-up') this.#listableFrom = after(now(), retryAfter(took));
    const trouble = troubleOf(cost);
    if (trouble === undefined) log.settled('large connection table');
    else log.trouble('large connection table', 'ipvs-table-large', trouble);
  }

  /** Undefined: the table is too large, or no request waits for it any more. */
  async #list(cost: () => Duration): Promise<TableReading | undefined> {
    const start = this.#options.now();
    const all = { live: 0, synced: 0, buckets: new Uint16Array(BUCKETS) };
    const shared = { live: 0, synced: 0, buckets: new Uint16Array(BUCKETS) };
    const { arrivedAt } = this.standing;
    this.#lines = 0;
    for await (const lines of this.#options.lines()) {
      this.#lines += lines.length;
      if ((this.#lines > SMALL && cost() > LONGEST_READING) || this.#isClosed) {
        this.#flows.end(false);
        return undefined;
      }
      for (const line of lines) {
        const row = decodeTableRow(line);
        if (row === undefined || !isLive(row)) continue;
        count(all, row);
        if (!isFlow(row) || this.#flows.see(row.hash, start) <= arrivedAt) count(shared, row);
      }
    }
    this.#flows.end(true);
    return { all, shared };
  }

  async #exchange(): Promise<void> {
    const { now } = this.#options;
    this.#segment ??= await this.#options.open(
      (bytes, address) => this.#hear(bytes, address),
      (error) => this.#fail(error),
    );
    await this.#send(this.#segment, false);
    const lacking = this.standing.resend(now());
    if (lacking.size > 0) await this.#resend(lacking, this.#segment);
  }

  async #send(segment: SegmentPort, isRepetition: boolean): Promise<void> {
    const { router: name, sender, settings, now } = this.#options;
    const { port = 0, syncId } = settings.daemon;
    const { shared: summary } = this.standing;
    const message = { syncId, isMaster: this.#isMaster, sender, name, isRepetition, summary };
    this.#sentAt = now();
    await segment.send(encodeSummary(message), port + SUMMARY_PORT_OFFSET);
  }

  #hear(bytes: Uint8Array, address: string): void {
    const { sender, settings, now } = this.#options;
    const decoded = decodeSummary(bytes);
    if (!decoded.ok) return;
    const { value } = decoded;
    if (value.syncId !== settings.daemon.syncId || value.sender === sender) return;
    if (!this.standing.heard({ ...value, address }, now())) this.#reportCrowd();
    if (value.isMaster && !value.isRepetition) this.#followMaster();
    this.#judge();
  }

  async #resend(buckets: ReadonlySet<number>, segment: SegmentPort): Promise<void> {
    const { entries: lookUp, log, settings } = this.#options;
    const entryOf = lookUp();
    const { port = 0, syncId, maximumLength = LONGEST_MESSAGE } = settings.daemon;
    const entries: SyncEntry[] = [];
    const { arrivedAt } = this.standing;
    for await (const lines of this.#options.lines()) {
      for (const line of lines) {
        const row = decodeTableRow(line);
        if (row === undefined || !isLive(row) || !buckets.has(row.bucket)) continue;
        if (isFlow(row) && (this.#flows.since(row.hash) ?? arrivedAt + 1) > arrivedAt) continue;
        const connection = decodeTableLine(line);
        if (connection === undefined || !isSendable(connection)) continue;
        const entry = entryOf(connection);
        if (entry !== undefined && entries.length < ROUND) entries.push(entry);
      }
    }
    const messages = encodeSyncMessages(entries, syncId, Math.min(LONGEST_MESSAGE, maximumLength));
    for (const [position, message] of messages.entries()) {
      if (position % BURST === BURST - 1) {
        await pause(BURST_PAUSE_MS);
      }
      if (this.#isClosed || !this.#isMaster) return;
      await segment.send(message, port);
    }
    this.resent += entries.length;
    if (entries.length > 0) {
      log.info(
        'ipvs-table-resent',
        `resent ${entries.length} connections: another director lacks some of them`,
      );
    }
  }

  #reportCrowd(): void {
    const { log, settings } = this.#options;
    const message =
      `more than 16 hosts send summaries of connection tables on ${settings.daemon.interface}, and some are ` +
      'ignored: name the other directors in `ipvs.sync.peers`, or configure `peer_link`';
    log.trouble('senders of summaries', 'ipvs-summaries-refused', message);
  }

  #fail(error: Error): void {
    this.#closeSegment();
    this.#options.log.trouble('connection table', 'ipvs-table-failed', messageOf(error));
  }

  #closeSegment(): void {
    this.#segment?.close();
    this.#segment = undefined;
  }

  #reportMove(reports: readonly MoveReport[]): void {
    if (reports.length === 0) return;
    this.moves.record(reports, new Date());
    this.#options.moved(reports);
  }

  #judge(): void {
    const hasCaughtUp = this.standing.hasCaughtUp(this.#options.now());
    if (hasCaughtUp === this.#hasCaughtUp) return;
    this.#hasCaughtUp = hasCaughtUp;
    this.#options.caughtUp(hasCaughtUp);
  }
}

interface Count {
  live: number;
  synced: number;
  readonly buckets: Uint16Array;
}

function count(summary: Count, { isSynced, bucket }: { isSynced: boolean; bucket: number }): void {
  summary.live++;
  if (isSynced) summary.synced++;
  summary.buckets[bucket] = Math.min(0xffff, (summary.buckets[bucket] ?? 0) + 1);
}
