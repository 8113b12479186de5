/**
 * Writes the events to the disk, where they outlive the agent and the host. Off the protocol thread, and
 * nothing waits for it: a disk that is full, slow or gone costs records, which are counted and reported.
 */
import type { EventFacts } from '../../control/events/event-table.ts';
import type { HistoryDocument } from '../../control/protocol.ts';
import { type Balanced, balancedIn, balancedKey } from '../../history/balanced.ts';
import { historyDirectory } from '../../history/files.ts';
import { type Content, type InstanceMark, lineOf, type Stamp } from '../../history/record.ts';
import { Admission, type Share } from './admission.ts';
import { formerIn } from './former.ts';
import { type Entry, Gap } from './gap.ts';
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

/** What a storm has left out is written at its start, then at most once in this time. */
const STORM_MS = 600_000;

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

export class HistoryKeeper {
  readonly #options: HistoryKeeperOptions;
  readonly #files: HistoryFiles;
  readonly #admission = new Admission();
  #queue: Entry[] = [];
  /** What the queue had no room for. */
  #overflow: Gap | undefined;
  readonly #storms = new Map<Share, Gap>();
  #stormsAt = Number.NEGATIVE_INFINITY;
  /** Servers and services that are down, for the next file. */
  readonly #down = new Map<string, Balanced>();
  #writing: Promise<void> | undefined;
  #state: 'idle' | 'opening' | 'working' | 'failed' | 'closed' = 'idle';
  #ticking: NodeJS.Timeout | undefined;
  #offsets: Readonly<Record<string, number>> = {};
  #offsetsAt = 0;
  /** Records that a disk has refused: since it last worked, and in all. */
  #lostNow = 0;
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
    this.#followServers(facts);
    const admitted = this.#admission.judge(facts, this.#now());
    if (admitted === undefined) return;
    const { share, verdict } = admitted;
    if (verdict === 'storm') {
      const storm = this.#storms.get(share) ?? new Gap('storm');
      this.#storms.set(share, storm);
      storm.take({ content: facts, stamp: this.#stampOf(upAt) });
      return;
    }
    // What follows builds on it.
    this.#endStorm(share);
    this.#add(silent === undefined ? facts : { ...facts, silent_ms: silent }, upAt);
  }

  /** The configuration has changed. */
  noteInstances(): void {
    this.#add(this.#instancesMark());
  }

  /** Undefined: another process continues the history. */
  async close(outcome: 'stopped' | 'failed' | undefined): Promise<void> {
    clearInterval(this.#ticking);
    const isOpen = this.#state !== 'idle' && this.#state !== 'closed';
    this.#endStorms();
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
    const last = this.#waiting();
    if (last.length > 0) await this.#write(last).catch(() => {});
    await this.#files.close().catch(() => {});
  }

  #followServers(facts: EventFacts): void {
    const one = balancedIn(facts);
    if (one === undefined) return;
    const { service, server } = one;
    if (one.down) this.#down.set(balancedKey(one), { service, server });
    else this.#down.delete(balancedKey(one));
  }

  #add(content: Content, upAt = this.#options.up()): void {
    this.#push({ content, stamp: this.#stampOf(upAt) });
  }

  #push(entry: Entry): void {
    if (this.#queue.length >= QUEUE_MAX) {
      this.#overflow ??= new Gap('disk');
      this.#overflow.take(entry);
      this.#lose(1);
      return;
    }
    this.#queue.push(entry);
    this.#drain();
  }

  /** All that waits, with what is missing after it. */
  #waiting(): Entry[] {
    const missing = this.#overflow?.entry();
    this.#overflow = undefined;
    const entries = this.#queue.splice(0);
    return missing === undefined ? entries : [...entries, missing];
  }

  #endStorms(): void {
    for (const share of [...this.#storms.keys()]) this.#endStorm(share);
  }

  #endStorm(share: Share): void {
    const missing = this.#storms.get(share)?.entry(this.#stamp());
    this.#storms.delete(share);
    if (missing !== undefined) this.#push(missing);
  }

  /** After a failure the next attempt is made by the tick. */
  #drain(): void {
    if (this.#state !== 'working' || this.#writing !== undefined || this.#queue.length === 0)
      return;
    this.#work(() => this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#waiting();
      try {
        await this.#write(batch);
      } catch (error) {
        this.#loseAll(batch);
        throw error;
      }
    }
  }

  /** What is missing is written first when the disk works again. */
  #loseAll(batch: readonly Entry[]): void {
    const gap = new Gap('disk');
    for (const one of batch) gap.take(one);
    const missing = gap.entry();
    if (missing !== undefined) this.#queue.unshift(missing);
    this.#lose(batch.filter(({ content }) => content.kind !== 'left-out').length);
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

  async #write(batch: readonly Entry[]): Promise<void> {
    if (!this.#files.isOpen) await this.#files.open();
    if (this.#files.isFull) {
      await this.#files.next();
      const stamp = batch[0]?.stamp ?? this.#stamp();
      await this.#files.append(lineOf(this.#instancesMark(), stamp));
    }
    await this.#files.append(batch.map(({ content, stamp }) => lineOf(content, stamp)).join(''));
    if (batch.some(({ content }) => isWeighty(content))) await this.#files.sync();
  }

  #instancesMark(): Content {
    const { router, boot, instances } = this.#options;
    const down = [...this.#down.values()];
    return {
      ...{ kind: 'instances', router: router(), boot, instances: instances() },
      ...(down.length === 0 ? {} : { down }),
    };
  }

  #tick(): void {
    if (this.#writing !== undefined) return;
    if (this.#state === 'failed') {
      this.#work(() => this.#tryAgain());
      return;
    }
    this.#noteClocks();
    this.#noteStorms();
    if (this.#state === 'working' && this.#writing === undefined) this.#work(() => this.#touch());
  }

  async #touch(): Promise<void> {
    if (await this.#files.touch(new Date(this.#now()))) return;
    // Another program removed the file.
    await this.#files.close();
    await this.#write([{ content: this.#instancesMark(), stamp: this.#stamp() }]);
  }

  async #tryAgain(): Promise<void> {
    await this.#files.close();
    if (this.#isInherited === undefined) {
      // What waits is older than this moment.
      const stamp = this.#queue[0]?.stamp ?? this.#stamp();
      await this.#write([{ content: this.#instancesMark(), stamp }]);
    } else await this.#begin();
    await this.#writeAll();
    if (this.#state !== 'failed') return;
    this.#state = 'working';
    const lost = this.#lostNow;
    this.#lostNow = 0;
    this.#options.report({ kind: 'history-restored', lost });
  }

  #noteStorms(): void {
    const now = this.#options.up();
    if (this.#storms.size === 0 || now - this.#stormsAt < STORM_MS) return;
    this.#stormsAt = now;
    this.#endStorms();
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
    this.#lostNow += count;
    this.#lost += count;
  }

  #stampOf(upAt: number): Stamp {
    const at = Math.round(this.#now() - (this.#options.up() - upAt));
    return { at, up: Math.round(upAt) };
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
  return kind === 'transition' || kind === 'left-out' || kind.startsWith('agent-');
}
