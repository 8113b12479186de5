/** The probes of one part of the configuration, run by the checker process, each of them once. */
import { type ProbeSettings, probeName } from '../../net/probe.ts';
import type { ProbeReading } from '../../observe/track-documents.ts';
import type { Checker } from './checker.ts';
import type { KnownState, ProbeListener } from './probe-watch.ts';

interface CheckedProbesOptions extends ProbeListener {
  readonly checker: Pick<Checker, 'watch' | 'unwatch' | 'watched' | 'wait'>;
  /** The first runs are spread over this time; default: a quarter of a second. */
  readonly spreadMs?: number;
}

const SPREAD_MS = 250;

export class CheckedProbes {
  readonly #options: CheckedProbesOptions;
  /** Numbers of the probes, by name. */
  readonly #ids = new Map<string, number>();
  readonly #remembered = new Map<string, KnownState>();

  constructor(options: CheckedProbesOptions) {
    this.#options = options;
  }

  /** States that another process found, for probes that start later. */
  remember(states: Iterable<readonly [string, KnownState]>): void {
    for (const [probe, state] of states) this.#remembered.set(probe, state);
  }

  /** Keeps the probes that are still wanted, ends the others and starts new ones. */
  reconfigure(probes: Iterable<ProbeSettings>): void {
    const { checker, spreadMs = SPREAD_MS, changed, lost } = this.#options;
    const wanted = new Map([...probes].map((settings) => [probeName(settings), settings]));
    for (const [name, id] of this.#ids) {
      if (wanted.has(name)) continue;
      checker.unwatch(id);
      this.#ids.delete(name);
    }
    for (const [name, settings] of wanted) {
      if (this.#ids.has(name)) continue;
      const listener = { changed, lost };
      const known = this.#remembered.get(name);
      this.#ids.set(name, checker.watch({ name, settings, spreadMs, listener, known }));
    }
    this.#remembered.clear();
  }

  /** How long the next command has been waiting for a slot, in milliseconds. */
  get wait(): number {
    return this.#options.checker.wait;
  }

  reading(name: string): ProbeReading | undefined {
    const id = this.#ids.get(name);
    return id === undefined ? undefined : this.#options.checker.watched(id)?.reading;
  }

  close(): void {
    for (const id of this.#ids.values()) this.#options.checker.unwatch(id);
    this.#ids.clear();
  }
}
