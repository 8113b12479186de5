/**
 * A small file that outlives the agent. After a crash or on a full disk it has the old or the new
 * content, never a part: a draft is written and synced, renamed into place (rename(2)), and the
 * directory is synced (fsync(2)).
 */
import { linkSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SerialQueue } from '../../async/serial-queue.ts';
import { readStart } from '../../files/regular-file.ts';
import { failure, type Result } from '../../net/result.ts';

interface StateFormat<Value> {
  readonly encode: (value: Value) => string;
  /** The error says what is wrong with the text, as in `it is damaged`. */
  readonly decode: (text: string) => Result<Value, string>;
}

/** A draft that is on the disk, but not in place. */
export interface PreparedState {
  /** Fulfilled when the file is in place and the directory is synced. */
  commit(): Promise<void>;
  abandon(): Promise<void>;
}

/** The file exists, but its content is unknown. */
export class StateUnreadable extends Error {
  override readonly name = 'StateUnreadable';
}

/** Far more than the agent writes: a longer file is damaged. */
const LENGTH_MAX = 16 * 1024 * 1024;

/** Paths of drafts that this process is writing. */
const underWay = new Set<string>();

let drafts = 0;

export class StateFile<Value> {
  readonly path: string;
  readonly #format: StateFormat<Value>;
  readonly #mode: number;
  readonly #queue = new SerialQueue();

  /** The first write creates the directory. */
  constructor(path: string, format: StateFormat<Value>, mode = 0o600) {
    this.path = path;
    this.#format = format;
    this.#mode = mode;
  }

  /**
   * Undefined if there is no file. Throws `StateUnreadable`. A damaged file stays in place, so that it
   * counts as damaged until it is replaced; a copy is kept for inspection.
   */
  load(): Value | undefined {
    let text: string;
    try {
      discardDrafts(dirname(this.path), basename(this.path));
      text = readStart(this.path, LENGTH_MAX).toString('utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw new StateUnreadable(error instanceof Error ? error.message : String(error));
    }
    const decoded = this.#format.decode(text);
    if (decoded.ok) return decoded.value;
    throw new StateUnreadable(`${decoded.error}${this.#keepCopy()}`);
  }

  /** Fails if space or permission is missing, so that `commit` does not. */
  async prepare(value: Value): Promise<PreparedState> {
    const { commit, abandon } = await this.#draft(value);
    return { commit: () => this.#queue.run(commit), abandon };
  }

  /** Writes after earlier writes. When the disk refuses, rejects and leaves the old file in place. */
  save(value: Value): Promise<void> {
    return this.#queue.run(async () => {
      const { commit } = await this.#draft(value);
      await commit();
    });
  }

  remove(): Promise<void> {
    return this.#queue.run(async () => {
      try {
        await rm(this.path);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return;
        throw error;
      }
      await syncDirectory(dirname(this.path));
    });
  }

  async #draft(value: Value): Promise<PreparedState> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o755 });
    const draft = `${this.path}.${process.pid}.${++drafts}`;
    underWay.add(draft);
    const abandon = async () => {
      underWay.delete(draft);
      await rm(draft, { force: true });
    };
    const orAbandon = async (work: Promise<void>) => {
      try {
        await work;
      } catch (error) {
        await abandon();
        throw error;
      }
    };
    await orAbandon(writeDurably(draft, this.#format.encode(value), this.#mode));
    const commit = async () => {
      await orAbandon(rename(draft, this.path));
      underWay.delete(draft);
      await syncDirectory(dirname(this.path));
    };
    return { commit, abandon };
  }

  /** A hard link is enough: the next write replaces the file by a rename and never changes its content. */
  #keepCopy(): string {
    const copy = `${this.path}.damaged`;
    try {
      rmSync(copy, { force: true });
      linkSync(this.path, copy);
      return `, kept as ${copy}`;
    } catch {
      return '';
    }
  }
}

/** JSON with a version; files of version 1 may lack it. */
export function jsonFormat<Value>(format: {
  readonly version: number;
  readonly encode: (value: Value) => object;
  readonly decode: (document: unknown) => Result<Value, string>;
}): StateFormat<Value> {
  const { version, encode, decode } = format;
  return {
    encode: (value) => `${JSON.stringify({ version, ...encode(value) }, null, 2)}\n`,
    decode: (text) => {
      let document: unknown;
      try {
        document = JSON.parse(text);
      } catch {
        return failure('it is damaged');
      }
      const found = versionOf(document);
      return found === version ? decode(document) : failure(`it is of version ${found}`);
    },
  };
}

/**
 * Removes drafts of processes that ended while they wrote, of one file if `name` is given. Drafts of
 * running processes stay: the predecessor in a takeover may still be writing.
 */
export function discardDrafts(directory: string, name?: string): void {
  for (const file of readdirSync(directory)) {
    const [, owner, pid] = /^(.+\.json)\.([0-9]+)(?:\.[0-9]+)?$/.exec(file) ?? [];
    if (owner === undefined || (name !== undefined && owner !== name)) continue;
    const path = join(directory, file);
    if (!underWay.has(path) && !isAnotherProcess(Number(pid))) discard(path);
  }
}

/** Ignores failures: a draft that stays does no harm. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The file system may have become read-only.
  }
}

function isAnotherProcess(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function versionOf(document: unknown): unknown {
  if (typeof document !== 'object' || document === null) return 'unknown';
  return 'version' in document ? document.version : 1;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
