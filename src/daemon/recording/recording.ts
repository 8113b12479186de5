/**
 * The recorder in the main thread: writes what the protocol thread sends. If the disk is full or slow,
 * lines of the recording are lost and counted; the agent itself is not affected.
 */
import type { Logger } from 'pino';
import type {
  ProtocolWorker,
  ProtocolWorkerEvents,
} from '../../protocol/thread/protocol-worker.ts';
import type { Batch, Entry } from '../../protocol/thread/recording/entry.ts';
import { lineOf } from '../../protocol/thread/recording/line.ts';
import { Mask } from '../../protocol/thread/recording/mask.ts';
import { RecordingFile, RecordingFileError } from './recording-file.ts';

/** A file that has grown to this size is followed by the next one at the next snapshot. */
export const FILE_SIZE = 15 * 1024 * 1024;

/** Room for the lines before that snapshot; what exceeds it is lost. */
const RESERVE = 1024 * 1024;

/** How often a file that cannot be written is tried again. */
const RETRY_MS = 30_000;

/** How long the last lines may take at the end. */
const CLOSE_MS = 2_000;

export interface RecordingOptions {
  /** Absolute. */
  readonly file: string;
  readonly protocol: Pick<ProtocolWorker, 'requestSnapshot'> & {
    readonly memory: Pick<ProtocolWorker['memory'], 'recorded'>;
  };
  /** The version of this program. */
  readonly version: string;
  readonly logger: Pick<Logger, 'info' | 'error'>;
  readonly fileSize?: number;
  /** Milliseconds on any clock. */
  readonly clock?: () => number;
}

export class Recording {
  /** What the protocol thread is to be started with. */
  readonly events: Pick<Required<ProtocolWorkerEvents>, 'recorded'> = {
    recorded: (batch) => this.take(batch),
  };
  readonly #options: RecordingOptions;
  readonly #file: RecordingFile;
  readonly #mask = new Mask();
  readonly #taken: Float64Array;
  #queue: Batch[] = [];
  #writing: Promise<void> | undefined;
  #seq = 0;
  /** Lines that were not written since the last one that was. */
  #lost = 0;
  #state: 'working' | 'failed' | 'ended' = 'working';
  #snapshotRequested = false;
  #retryAt = 0;

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.#file = new RecordingFile(options.file);
    this.#taken = new Float64Array(options.protocol.memory.recorded);
  }

  take(batch: Batch): void {
    this.#queue.push(batch);
    this.#writing ??= this.#drain();
  }

  /** Fulfilled when all that has been taken is written or lost. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Waits for what has been taken, unless the disk needs too long for it. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    const closed = this.written().then(() => this.#file.close());
    await Promise.race([closed.catch(() => {}), tooLong]);
    clearTimeout(timer);
  }

  async #drain(): Promise<void> {
    for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
      await this.#write(batch.entries);
      this.#taken[0] = (this.#taken[0] ?? 0) + batch.size;
    }
    this.#writing = undefined;
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    if (this.#state === 'ended') return;
    let lines = '';
    /** The first entry of `lines`. */
    let first = 0;
    try {
      for (const [index, entry] of entries.entries()) {
        if (entry.kind === 'begin') {
          // The lines before it belong to the file before.
          await this.#append(lines, index - first);
          [lines, first] = ['', index];
          await this.#beginAgain();
        }
        lines += lineOf(entry, this.#seq++, this.#options.version, this.#mask);
      }
      await this.#append(lines, entries.length - first);
    } catch (error) {
      this.#lost += entries.length - first;
      this.#failed(error);
    }
    this.#requestSnapshot();
  }

  /** A snapshot has arrived: lines may be written again, and a file may end. */
  async #beginAgain(): Promise<void> {
    this.#snapshotRequested = false;
    // A file begins with a `begin`: what is missing before it belonged to the file before.
    if (this.#file.isOpen && this.#lost > 0) {
      const gap: Entry = { kind: 'gap', count: this.#lost };
      await this.#file.append(lineOf(gap, this.#seq++, this.#options.version, this.#mask));
    }
    if (!this.#file.isOpen || this.#file.size >= this.#fileSize) await this.#file.next();
    this.#lost = 0;
  }

  async #append(lines: string, count: number): Promise<void> {
    if (count === 0) return;
    const isFull = this.#file.size + Buffer.byteLength(lines) > this.#fileSize + RESERVE;
    if (this.#lost > 0 || !this.#file.isOpen || isFull) {
      this.#lost += count;
      return;
    }
    await this.#file.append(lines);
    if (this.#state === 'working') return;
    this.#state = 'working';
    this.#options.logger.info({ code: 'recording-resumed' }, 'the recording continues');
  }

  get #fileSize(): number {
    return this.#options.fileSize ?? FILE_SIZE;
  }

  #failed(error: unknown): void {
    const { file, logger, clock = Date.now } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof RecordingFileError && error.code === 'moved') {
      this.#state = 'ended';
      logger.info({ code: 'recording-ended', file }, `the recording ends: ${message}`);
      return;
    }
    this.#retryAt = clock() + RETRY_MS;
    this.#snapshotRequested = false;
    if (this.#state === 'failed') return;
    this.#state = 'failed';
    logger.error({ code: 'recording-failed', file }, `nothing is recorded: ${message}`);
  }

  #requestSnapshot(): void {
    const { clock = Date.now, protocol } = this.#options;
    const isWanted = this.#lost > 0 ? clock() >= this.#retryAt : this.#file.size >= this.#fileSize;
    if (!isWanted || this.#snapshotRequested) return;
    this.#snapshotRequested = true;
    protocol.requestSnapshot();
  }
}
