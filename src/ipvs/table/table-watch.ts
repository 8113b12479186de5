/**
 * Watches the connection table: reads it, exchanges summaries with the other directors, and resends
 * connections that another one lacks. The kernel sends an entry only when a packet arrives, and cannot
 * update a director that was away.
 */

import { pause } from '../../async/deadline.ts';
import { SerialQueue } from '../../async/serial-queue.ts';
import type { SyncSettings } from '../../config/ipvs-settings.ts';
import { BUCKETS, isLive, type TableSummary } from '../../net/connection.ts';
import { SUMMARY_PORT_OFFSET } from '../../net/ipvs.ts';
import type { Duration, Instant } from '../../net/time.ts';
import { decodeSummary, encodeSummary } from '../../wire/connections/summary-message.ts';
import {
  encodeSyncMessages,
  isSendable,
  type SyncEntry,
} from '../../wire/connections/sync-message.ts';
import { decodeTableLine, decodeTableRow } from '../../wire/connections/table-line.ts';
import { type IpvsLog, messageOf } from '../keep/ipvs-log.ts';
import type { SyncSegment } from '../kernel/sync-segment.ts';
import type { EntryOf } from '../plan/sync-entries.ts';
import { type MoveReport, TableStanding } from '../plan/table-standing.ts';
import { MoveLedger } from './move-ledger.ts';

const PERIOD_MS = 1_000;
/** Reading a large table takes the kernel long: a twentieth of the time at most. */
const SHARE = 20;
/** Well below the 10 s after which others forget a silent director. */
const LONGEST_PAUSE_MS = 4_000;
/** Datagrams in a burst, and the pause between bursts: the receiver must keep up. */
const BURST = 16;
const BURST_PAUSE_MS = 20;
/** The payload of an Ethernet frame without the headers of IPv6 and UDP. */
const LONGEST_MESSAGE = 1_500 - 48;
/** Most connections resent in one round. */
const ROUND = 20_000;

type SegmentPort = Pick<SyncSegment, 'send' | 'close'>;

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
  readonly lines: () => AsyncIterable<readonly string[]>;
  readonly open: (
    hear: (bytes: Uint8Array) => void,
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
  #isMaster: boolean;
  #segment: SegmentPort | undefined;
  #timer: NodeJS.Timeout | undefined;
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
    this.#schedule(0);
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

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#rounds.idle();
    this.#closeSegment();
  }

  #schedule(delay: number): void {
    this.#timer = setTimeout(() => {
      const start = performance.now();
      void this.run().finally(() => {
        const took = performance.now() - start;
        if (!this.#isClosed) this.#schedule(pauseAfter(took));
      });
    }, delay);
  }

  async #round(): Promise<void> {
    if (this.#isClosed) return;
    const { log, now, settings } = this.#options;
    try {
      const summary = await this.#read();
      const report = this.standing.read(summary, now());
      if (report !== undefined) this.#reportMove([report]);
      if (settings.catchUp) await this.#exchange(summary);
      log.settled('connection table');
    } catch (error) {
      this.#closeSegment();
      log.trouble('connection table', 'ipvs-table-failed', messageOf(error));
    }
    this.#judge();
  }

  async #read(): Promise<TableSummary> {
    const buckets = new Uint16Array(BUCKETS);
    let live = 0;
    let synced = 0;
    for await (const lines of this.#options.lines()) {
      for (const line of lines) {
        const row = decodeTableRow(line);
        if (row === undefined || !isLive(row)) continue;
        live++;
        if (row.isSynced) synced++;
        buckets[row.bucket] = Math.min(0xffff, (buckets[row.bucket] ?? 0) + 1);
      }
    }
    return { live, synced, buckets };
  }

  async #exchange(summary: TableSummary): Promise<void> {
    const { router, sender, settings, now } = this.#options;
    const { port = 0, syncId } = settings.daemon;
    this.#segment ??= await this.#options.open(
      (bytes) => this.#hear(bytes),
      (error) => this.#fail(error),
    );
    const message = { syncId, isMaster: this.#isMaster, sender, name: router, summary };
    await this.#segment.send(encodeSummary(message), port + SUMMARY_PORT_OFFSET);
    const lacking = this.standing.resend(now());
    if (lacking.size > 0) await this.#resend(lacking, this.#segment);
  }

  #hear(bytes: Uint8Array): void {
    const { sender, settings, now } = this.#options;
    const decoded = decodeSummary(bytes);
    if (!decoded.ok) return;
    const { value } = decoded;
    if (value.syncId !== settings.daemon.syncId || value.sender === sender) return;
    this.standing.heard(value, now());
    this.#judge();
  }

  async #resend(buckets: ReadonlySet<number>, segment: SegmentPort): Promise<void> {
    const { entries: lookUp, log, settings } = this.#options;
    const entryOf = lookUp();
    const { port = 0, syncId, maximumLength = LONGEST_MESSAGE } = settings.daemon;
    const entries: SyncEntry[] = [];
    for await (const lines of this.#options.lines()) {
      for (const line of lines) {
        const row = decodeTableRow(line);
        if (row === undefined || !isLive(row) || !buckets.has(row.bucket)) continue;
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

/** Milliseconds until the table is read again, after reading took `took` milliseconds. */
export function pauseAfter(took: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(PERIOD_MS - took, took * (SHARE - 1)));
}
