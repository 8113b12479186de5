/**
 * Writes the events to the disk, where they outlive the agent and the host. Off the protocol thread, and
 * nothing waits for it: a disk that is full, slow or gone costs records, which are counted and reported.
 */
import type { EventFacts } from '../../control/events/event-table.ts';
import type { HistoryDocument } from '../../control/protocol.ts';
import { historyDirectory } from '../../history/files.ts';
import { type Content, type InstanceMark, lineOf, type Stamp } from '../../history/record.ts';
import { Admission } from './admission.ts';
import { formerIn } from './former.ts';
import { HistoryFiles } from './history-files.ts';

/** A sign of life for the next process, and another attempt at a disk that refused. */
const ALIVE_MS = 30_000;

/** Records that wait for a disk that does not answer. */
const QUEUE_MAX = 5_000;

/** How long the last records may take at the end. */
const CLOSE_MS = 2_000;

/** Clocks are noted again when they have moved by this, at most once in `CLOCKS_MS`. */
const CLOCK_MOVED_MS = 5;
const CLOCKS_MS = 600_000;

export interface HistoryKeeperOptions {
  readonly stateDirectory: string;
  /** Numeric group of those who may read; undefined: none. */
  readonly gid: number | undefined;
  readonly boot: string;
  readonly version: string;
  readonly router: () => string;
  readonly instances: () => readonly InstanceMark[];
  /** How far the clocks of the directors that are up are ahead, in milliseconds. */
  readonly clockOffsets: () => Readonly<Record<string, number>>;
  readonly report: (facts: EventFacts) => void;
  /** Milliseconds since boot, on a clock that nothing sets. */
  readonly up: () => number;
  readonly now?: () => number;
  readonly fileBytes?: number;
}

interface Waiting {
  readonly content: Content;
  readonly stamp: Stamp;
}

export class HistoryKeeper {
  readonly #options: HistoryKeeperOptions;
  readonly #files: HistoryFiles;
  readonly #admission = new Admission();
  #queue: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #state: 'idle' | 'opening' | 'working' | 'failed' | 'closed' = 'idle';
  #ticking: NodeJS.Timeout | undefined;
  #offsets: Readonly<Record<string, number>> = {};
  #offsetsAt = 0;
  /** Records lost since the last one that was written, and in all. */
  #missing = { disk: 0, storm: 0 };
  #lost = 0;
  /** Until the start of this process is written: whether it has taken over from another one. */
  #isInherited: boolean | undefined;

  constructor(options: HistoryKeeperOptions) {
    this.#options = options;
    const { stateDirectory, gid, fileBytes } = options;
    const directory = historyDirectory(stateDirectory);
    const limit = fileBytes === undefined ? {} : { fileBytes };
    this.#files = new HistoryFiles({ directory, gid, ...limit });
  }

  get document(): HistoryDocument {
    return { state: this.#state === 'failed' ? 'failed' : 'written', lost: this.#lost };
  }

  /** `inherited`: the process before handed over to this one. Records that came earlier follow it. */
  begin(inherited: boolean): void {
    if (this.#state !== 'idle') return;
    this.#state = 'opening';
    this.#isInherited = inherited;
    this.#work(() => this.#open());
    this.#ticking = setInterval(() => this.#tick(), ALIVE_MS).unref();
  }

  /**
   * `upAt`: when it happened, on the clock of `up`; default: now. `silent`: how long nothing was heard
   * from the MASTER, in milliseconds.
   */
  record(facts: EventFacts, upAt = this.#options.up(), silent?: number): void {
    if (this.#state === 'closed') return;
    switch (this.#admission.judge(facts, this.#now())) {
      case 'passed-over':
        return;
      case 'storm':
        this.#missing.storm += 1;
        return;
      case 'kept':
        this.#add(silent === undefined ? facts : { ...facts, silent_ms: silent }, upAt);
    }
  }

  /** The configuration has changed. */
  noteInstances(): void {
    this.#add(this.#instancesMark());
  }

  /** Undefined: another process continues the history. */
  async close(outcome: 'stopped' | 'failed' | undefined): Promise<void> {
    clearInterval(this.#ticking);
    const isOpen = this.#state !== 'idle' && this.#state !== 'closed';
    if (isOpen && outcome !== undefined) this.#add({ kind: 'agent-stopped', outcome });
    this.#state = 'closed';
    if (!isOpen) return;
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.#finish(), tooLong]);
    clearTimeout(timer);
  }

  /** For tests: fulfilled when all that was recorded is written or lost. */
  async written(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #finish(): Promise<void> {
    await this.written();
    if (this.#queue.length > 0) await this.#write(this.#queue.splice(0)).catch(() => {});
    await this.#files.close().catch(() => {});
  }

  #add(content: Content, upAt = this.#options.up()): void {
    const up = this.#options.up();
    const at = Math.round(this.#now() - (up - upAt));
    if (this.#queue.length >= QUEUE_MAX) {
      this.#lose(1);
      return;
    }
    this.#queue.push({ content, stamp: { at, up: Math.round(upAt) } });
    this.#drain();
  }

  /** After a failure the next attempt is made by the tick. */
  #drain(): void {
    if (this.#state !== 'working' || this.#writing !== undefined || this.#queue.length === 0)
      return;
    this.#work(() => this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0);
      try {
        await this.#write(batch);
      } catch (error) {
        this.#lose(batch.length);
        throw error;
      }
    }
  }

  /** One at a time; what was recorded meanwhile follows. */
  #work(job: () => Promise<void>): void {
    this.#writing = job()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#writing = undefined;
        this.#drain();
      });
  }

  async #open(): Promise<void> {
    await this.#begin();
    if (this.#state === 'opening') this.#state = 'working';
  }

  /** Says what this process is, and what the one before it has left. */
  async #begin(): Promise<void> {
    const { boot, version } = this.#options;
    const found = await this.#files.open();
    const former = this.#isInherited === true ? 'taken-over' : formerIn(found.text, boot);
    const alive = found.alive === undefined ? null : Math.round(found.alive);
    const started: Content = {
      kind: 'agent-started',
      ...{ version, pid: process.pid, boot, former, alive },
    };
    const stamp = this.#queue[0]?.stamp ?? this.#stamp();
    await this.#write([
      { content: started, stamp },
      { content: this.#instancesMark(), stamp },
    ]);
    this.#isInherited = undefined;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (!this.#files.isOpen) await this.#files.open();
    if (this.#files.isFull) {
      await this.#files.next();
      const head = { content: this.#instancesMark(), stamp: this.#stamp() };
      await this.#files.append(lineOf(head.content, head.stamp));
    }
    const lines = batch.map(({ content, stamp }) => lineOf(content, stamp));
    const text = [...this.#missingLines(), ...lines].join('');
    // More may be left out while the disk is busy.
    const told = this.#missing;
    this.#missing = { disk: 0, storm: 0 };
    try {
      await this.#files.append(text);
    } catch (error) {
      const { disk, storm } = this.#missing;
      this.#missing = { disk: disk + told.disk, storm: storm + told.storm };
      throw error;
    }
    if (batch.some(({ content }) => isWeighty(content))) await this.#files.sync();
  }

  #missingLines(): string[] {
    return (['disk', 'storm'] as const)
      .filter((why) => this.#missing[why] > 0)
      .map((why) => lineOf({ kind: 'left-out', count: this.#missing[why], why }, this.#stamp()));
  }

  #instancesMark(): Content {
    const { router, boot, instances } = this.#options;
    return { kind: 'instances', router: router(), boot, instances: instances() };
  }

  #tick(): void {
    if (this.#writing !== undefined) return;
    if (this.#state === 'failed') {
      this.#work(() => this.#tryAgain());
      return;
    }
    this.#noteClocks();
    if (this.#state === 'working' && this.#writing === undefined) this.#work(() => this.#touch());
  }

  async #touch(): Promise<void> {
    if (await this.#files.touch(new Date(this.#now()))) return;
    // Another program removed the file.
    await this.#files.close();
    await this.#write([{ content: this.#instancesMark(), stamp: this.#stamp() }]);
  }

  async #tryAgain(): Promise<void> {
    const lost = this.#missing.disk;
    await this.#files.close();
    if (this.#isInherited === undefined) {
      await this.#write([{ content: this.#instancesMark(), stamp: this.#stamp() }]);
    } else await this.#begin();
    await this.#writeAll();
    if (this.#state !== 'failed') return;
    this.#state = 'working';
    this.#options.report({ kind: 'history-restored', lost });
  }

  #noteClocks(): void {
    const now = this.#now();
    if (now - this.#offsetsAt < CLOCKS_MS) return;
    const offsets = this.#options.clockOffsets();
    const moved = Object.entries(offsets).some(([name, offset]) => {
      const before = this.#offsets[name];
      return before === undefined || Math.abs(offset - before) > CLOCK_MOVED_MS;
    });
    if (!moved) return;
    this.#offsets = offsets;
    this.#offsetsAt = now;
    this.#add({ kind: 'clocks', offsets });
  }

  #failed(error: unknown): void {
    const isNew = this.#state !== 'failed' && this.#state !== 'closed';
    if (this.#state !== 'closed') this.#state = 'failed';
    if (!isNew) return;
    const detail = error instanceof Error ? error.message : String(error);
    const errno = error instanceof Error && 'code' in error ? String(error.code) : null;
    this.#options.report({ kind: 'history-failed', errno, detail });
  }

  #lose(count: number): void {
    this.#missing.disk += count;
    this.#lost += count;
  }

  #stamp(): Stamp {
    return { at: Math.round(this.#now()), up: Math.round(this.#options.up()) };
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** What must outlive a power failure at once. */
function isWeighty({ kind }: Content): boolean {
  return kind === 'transition' || kind.startsWith('agent-');
}
