/**
 * Watches the table of connections: reads it, tells the other directors what it holds, hears what
 * theirs hold, and sends again what another one lacks. The kernel itself sends an entry when a packet
 * comes and has no way to bring a director up to date that was away.
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
import type { EntryOf } from '../plan/sync-entries.ts';
import { type MoveReport, TableStanding } from '../plan/table-standing.ts';
import { MoveLedger } from './move-ledger.ts';

const PERIOD_MS = 1_000;
/** Reading takes the kernel longer the larger the table is: a twentieth of the time at most. */
const SHARE = 20;
/** But others forget a director that is silent for 10 s. */
const LONGEST_PAUSE_MS = 4_000;
/** Datagrams that are sent at once, and the pause between: the other side must keep up. */
const BURST = 16;
const BURST_PAUSE_MS = 20;
/** Headers of IPv6 and UDP in an Ethernet frame. */
const LONGEST_MESSAGE = 1_500 - 48;
/** Connections sent again in one round. */
const ROUND = 20_000;

export interface Segment {
  send(bytes: Uint8Array, port: number): Promise<void>;
  close(): void;
}

export interface TableWatchOptions {
  readonly router: string;
  /** Of the running process. */
  readonly sender: number;
  readonly settings: SyncSettings;
  /** Zero: never. */
  readonly refresh: Duration;
  readonly isMaster: boolean;
  readonly log: IpvsLog;
  readonly now: () => Instant;
  readonly lines: () => AsyncIterable<readonly string[]>;
  readonly open: (
    hear: (bytes: Uint8Array) => void,
    fail: (error: Error) => void,
  ) => Promise<Segment>;
  /** Completes what the table of the kernel does not say, as it is now. */
  readonly entries: () => EntryOf;
  readonly caughtUp: (hasCaughtUp: boolean) => void;
  /** One move; of a hand-over a report for each other director. */
  readonly moved: (reports: readonly MoveReport[]) => void;
}

export class TableWatch {
  readonly #options: TableWatchOptions;
  readonly standing: TableStanding;
  readonly moves = new MoveLedger();
  #isMaster: boolean;
  #segment: Segment | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasCaughtUp: boolean | undefined;
  #isClosed = false;
  readonly #rounds = new SerialQueue();
  /** Connections that were sent again. */
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
    this.#tellMove(this.standing.follow(isMaster, this.#options.now()));
    this.#judge();
  }

  /** One round; the next one begins when this one has ended. */
  run(): Promise<void> {
    return this.#rounds.run(() => this.#round());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#rounds.idle();
    this.#shut();
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
      if (report !== undefined) this.#tellMove([report]);
      if (settings.catchUp) await this.#tell(summary);
      log.settled('connection table');
    } catch (error) {
      this.#shut();
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

  async #tell(summary: TableSummary): Promise<void> {
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

  async #resend(buckets: ReadonlySet<number>, segment: Segment): Promise<void> {
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
        `${entries.length} connections sent again: another director lacks some`,
      );
    }
  }

  #fail(error: Error): void {
    this.#shut();
    this.#options.log.trouble('connection table', 'ipvs-table-failed', messageOf(error));
  }

  #shut(): void {
    this.#segment?.close();
    this.#segment = undefined;
  }

  #tellMove(reports: readonly MoveReport[]): void {
    if (reports.length === 0) return;
    this.moves.note(reports, new Date());
    this.#options.moved(reports);
  }

  #judge(): void {
    const hasCaughtUp = this.standing.hasCaughtUp(this.#options.now());
    if (hasCaughtUp === this.#hasCaughtUp) return;
    this.#hasCaughtUp = hasCaughtUp;
    this.#options.caughtUp(hasCaughtUp);
  }
}

/** Until the table is read again, where reading it took so many milliseconds. */
export function pauseAfter(took: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(PERIOD_MS - took, took * (SHARE - 1)));
}
