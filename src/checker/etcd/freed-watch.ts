/**
 * Watches the keys that another director holds, with one connection, and says when one becomes free. Only a
 * hint: where the watch fails, the engine asks again by itself.
 */
import type { EtcdCluster } from './cluster.ts';
import { base64, decodeOwner } from './ownership.ts';

interface FreedWatchOptions {
  readonly cluster: EtcdCluster;
  readonly prefix: string;
  readonly director: string;
  readonly freed: (instance: string) => void;
}

const PAUSE_MS = 1_000;

export class FreedWatch {
  readonly #options: FreedWatchOptions;
  readonly #waiting = new Set<string>();
  #run: AbortController | undefined;
  #pause: NodeJS.Timeout | undefined;
  #revision = 0n;
  #failures = 0;

  constructor(options: FreedWatchOptions) {
    this.#options = options;
  }

  /** `revision`: the key was of another owner then. */
  add(instance: string, revision: string): void {
    if (this.#waiting.has(instance)) return;
    this.#waiting.add(instance);
    // The connection is for all keys below the prefix, from the earliest revision that matters.
    const seen = BigInt(revision);
    if (this.#run === undefined && this.#pause === undefined) this.#start(seen);
  }

  /** Its key is no longer waited for. */
  remove(instance: string): void {
    this.#waiting.delete(instance);
    if (this.#waiting.size === 0) this.close();
  }

  close(): void {
    this.#waiting.clear();
    this.#run?.abort();
    this.#run = undefined;
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#failures = 0;
  }

  #start(revision: bigint): void {
    const { cluster, prefix } = this.#options;
    const { members } = cluster;
    const member =
      this.#failures === 0 ? cluster.favourite : members[this.#failures % members.length];
    if (member === undefined) return;
    const run = new AbortController();
    this.#run = run;
    this.#revision = revision;
    const create = {
      key: base64(prefix),
      range_end: base64(endOf(prefix)),
      ...(revision === 0n ? {} : { start_revision: String(revision + 1n) }),
    };
    const watch = member.watch(create, { signal: run.signal }, ({ result }) => {
      if (result.canceled) {
        // What was to be seen first is compacted away, or this member has lost the majority.
        this.#revision = 0n;
        this.#freeAll();
        run.abort();
        return;
      }
      this.#failures = 0;
      for (const event of result.events) this.#take(event);
    });
    void watch.then(() => {
      if (this.#run !== run) return;
      this.#run = undefined;
      this.#failures++;
      this.#pause = setTimeout(() => {
        this.#pause = undefined;
        if (this.#waiting.size > 0) this.#start(this.#revision);
      }, PAUSE_MS);
    });
  }

  #take({
    type,
    kv,
  }: {
    readonly type: 'PUT' | 'DELETE';
    readonly kv: { key: string; value: string };
  }) {
    const { prefix, director, freed } = this.#options;
    const key = Buffer.from(kv.key, 'base64').toString('utf8');
    const instance = key.startsWith(prefix) ? key.slice(prefix.length) : '';
    if (!this.#waiting.has(instance)) return;
    if (type === 'PUT' && decodeOwner(kv.value)?.to !== director) return;
    this.#waiting.delete(instance);
    freed(instance);
  }

  #freeAll(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const instance of waiting) this.#options.freed(instance);
  }
}

/** The first key that does not begin with the prefix, which ends with a slash. */
function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}
