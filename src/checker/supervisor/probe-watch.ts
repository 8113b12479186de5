/**
 * One probe as the agent knows it: the last state, and when it was last confirmed. A state that is not
 * confirmed for long becomes unknown: it never becomes down.
 */
import type { ProbeSettings } from '../../net/probe.ts';
import { NOT_PROBED, type ProbeReading } from '../../observe/track-documents.ts';
import type { ProbeChange, ProbeRuns } from '../channel/messages.ts';

export interface ProbeListener {
  /** The first state, and each change. */
  readonly changed: (probe: string, change: ProbeChange) => void;
  /** There has been no result for so long that the last state says nothing any longer. */
  readonly lost: (probe: string, why: string) => void;
}

export type KnownState = Pick<ProbeChange, 'up' | 'value'>;

interface ProbeWatchOptions {
  readonly name: string;
  readonly settings: ProbeSettings;
  readonly spreadMs: number;
  readonly listener: ProbeListener;
  /** Found by another process; undefined: unknown. */
  readonly known: KnownState | undefined;
  /** Monotonic milliseconds. */
  readonly now: number;
}

/** How long a state counts without a new result. */
const KEPT_MS = 30_000;

/** A file adds at most this to a priority, or takes it away. */
const NUMBER_MAX = 254;

type Reading = { -readonly [Key in keyof ProbeReading]: ProbeReading[Key] };

export class ProbeWatch {
  readonly settings: ProbeSettings;
  readonly spreadMs: number;
  readonly #options: ProbeWatchOptions;
  readonly #reading: Reading = { ...NOT_PROBED };
  #known: KnownState | undefined;
  #confirmedAt: number;

  constructor(options: ProbeWatchOptions) {
    this.settings = options.settings;
    this.spreadMs = options.spreadMs;
    this.#options = options;
    this.#known = options.known;
    this.#confirmedAt = options.now;
  }

  /** A live view. */
  get reading(): ProbeReading {
    return this.#reading;
  }

  get known(): KnownState | undefined {
    return this.#known;
  }

  /** Ignores what this probe cannot find. */
  change({ up, value, detail }: ProbeChange, now: number): void {
    const sound = soundValue(this.settings, value);
    const reading = this.#reading;
    reading.checkedAt = new Date();
    reading.result = detail;
    if (this.#known?.up !== up) reading.since = reading.checkedAt;
    this.#known = { up, value: sound };
    this.#confirmedAt = now;
    this.#options.listener.changed(this.#options.name, { up, value: sound, detail });
  }

  ran({ runs, failures, overruns, detail, at }: ProbeRuns, now: number): void {
    const reading = this.#reading;
    reading.runs += runs;
    reading.failures += failures;
    reading.overruns += overruns;
    reading.result = detail;
    if (at === 0) return;
    reading.checkedAt = new Date(at);
    this.#confirmedAt = now;
  }

  /** Counts as a new result. */
  confirm(now: number): void {
    this.#confirmedAt = now;
  }

  /** Returns true if the state becomes unknown. `goneMs`: for how long there has been no checker. */
  expire(now: number, goneMs: number): boolean {
    if (this.#known === undefined) return false;
    const isKept = now - this.#confirmedAt <= this.#keptMs && goneMs <= KEPT_MS;
    if (isKept) return false;
    this.#known = undefined;
    this.#reading.since = new Date();
    const { listener, name } = this.#options;
    listener.lost(name, goneMs > 0 ? 'the checker process is down' : (this.#reading.result ?? ''));
    return true;
  }

  /** With an interval of minutes, results are older than that. */
  get #keptMs(): number {
    const { interval, timeout } = this.settings;
    return Math.max(KEPT_MS, (2 * interval) / 1_000) + timeout / 1_000;
  }
}

/** The checker might have been broken into: a value must not become an impossible weight or priority. */
function soundValue(settings: ProbeSettings, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (settings.kind === 'file' && settings.reads === 'number') {
    return clamped(value, -NUMBER_MAX, NUMBER_MAX);
  }
  const scale = 'weight' in settings ? settings.weight : undefined;
  return scale === undefined ? undefined : clamped(value, scale.minimum, scale.maximum);
}

function clamped(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, Math.round(value)));
}
