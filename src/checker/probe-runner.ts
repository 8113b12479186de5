/**
 * Runs one probe at its interval, judges the results and reports changes. If a run has not ended when
 * the next one is due, that next run is skipped, unless the first is at its end. A run that exceeds its timeout has failed, whether it
 * ever ends or not.
 */
import { judged, type ProbeState, UNKNOWN } from '../../fsm/probe/probe.ts';
import type { RunPool, Slot } from '../async/run-pool.ts';
import type { ProbeOutcome, ProbeTiming } from '../net/probe.ts';
import type { ProbeChange } from './channel/messages.ts';
import { couldNotLook, failed, failedBy, type Probe } from './probes/probe.ts';

interface ProbeRunnerOptions {
  readonly timing: ProbeTiming;
  /** The first state, and each change of it; the state of a former process is not reported again. */
  readonly report: (change: ProbeChange) => void;
  /** A run has ended, or has exceeded its timeout, or could not begin in time. */
  readonly ran?: () => void;
  /** The state that a former process found; default: unknown. */
  readonly known?: Pick<ProbeChange, 'up' | 'value'> | undefined;
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number;
  /** First runs are spread over this time, or over the interval if that is shorter. */
  readonly spreadMs?: number;
  /** Limits how many runs are active; the wait for a slot does not count towards the timeout. */
  readonly pool?: RunPool;
}

/** What a probe has done since it started. */
export interface RunReading {
  /** Of the latest run. */
  readonly detail: string;
  /** Unix time in milliseconds of the latest run with a result; 0: none had one. */
  readonly at: number;
  readonly runs: number;
  readonly failures: number;
  readonly overruns: number;
}

interface Run {
  /** When it left the pool, in monotonic milliseconds; undefined: it waits there. */
  began: number | undefined;
  isLate: boolean;
  wantsAnother: boolean;
  /** Undefined without a pool. */
  slot: Slot | undefined;
}

const SPREAD_MS = 250;

/** Lets a run that ends exactly at its timeout deliver its result. */
const GRACE_MS = 20;

/**
 * A run that still lasts when the next one is due does not cost that one if this share of its timeout is
 * over: with a timeout as long as the interval, both end together, but for the jitter of timers.
 */
const NEARLY = 0.75;

const STOOD_STILL = 'the checker stood still';

/** A timer that is so late says that this process stood still, and nothing about the target. */
const STANDSTILL_MS = 500;

/** After this time a run that ignores its timeout loses its slot in the pool. */
const ABANDON_MS = 1_000;

export class ProbeRunner {
  readonly #probe: Probe;
  readonly #options: ProbeRunnerOptions;
  #state: ProbeState;
  #value: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #run: Run | undefined;
  #wasLate = false;
  /** The timer is that of a failure that is repeated. */
  #isRepeating = false;
  #isClosed = false;
  readonly #reading: { -readonly [Key in keyof RunReading]: RunReading[Key] } = {
    detail: '',
    at: 0,
    runs: 0,
    failures: 0,
    overruns: 0,
  };

  constructor(probe: Probe, options: ProbeRunnerOptions) {
    this.#probe = probe;
    this.#options = options;
    const { known } = options;
    this.#state = known === undefined ? UNKNOWN : { status: known.up ? 'up' : 'down', against: 0 };
    this.#value = known?.value;
  }

  /** A live view: each run updates it. */
  get reading(): RunReading {
    return this.#reading;
  }

  /**
   * The first run comes soon. The phase of the later ones is random and uniform over the interval, so
   * that a thousand probes that start together do not stay together.
   */
  start(): void {
    const { random, spreadMs = SPREAD_MS } = this.#options;
    const interval = this.#intervalMs;
    const position = random();
    const first = position * Math.min(spreadMs, interval);
    this.#later(first, () => {
      this.#begin();
      this.#later(interval * (0.5 + position) - first, () => this.#tick());
    });
  }

  /** Runs immediately, because the watched object has changed. */
  checkNow(): void {
    if (this.#isClosed) return;
    if (this.#run === undefined) this.#begin();
    else this.#run.wantsAnother = true;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#run?.slot?.cancel();
    this.#probe.close();
  }

  get #intervalMs(): number {
    return this.#options.timing.interval / 1_000;
  }

  #later(milliseconds: number, action: () => void): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(action, milliseconds);
    // Probes must not keep the process alive.
    this.#timer.unref();
  }

  #tick(): void {
    this.#later(this.#intervalMs, () => this.#tick());
    const run = this.#run;
    if (run === undefined) {
      this.#begin();
      return;
    }
    if (this.#isNearlyOver(run)) {
      run.wantsAnother = true;
      return;
    }
    this.#reading.overruns++;
    if (run.isLate) this.#judge(failed('still running'));
    else this.#options.ran?.();
  }

  /**
   * A failure of a target that still counts as up is repeated soon. The result that ends such a series is
   * followed by a whole interval.
   */
  #pace(hasPassed: boolean): void {
    const { retryAfter } = this.#options.timing;
    if (retryAfter === undefined) return;
    const repeats = !hasPassed && this.#state.status === 'up';
    if (!repeats && !this.#isRepeating) return;
    this.#isRepeating = repeats;
    clearTimeout(this.#timer);
    this.#later(repeats ? retryAfter / 1_000 : this.#intervalMs, () => this.#tick());
  }

  #isNearlyOver({ began, isLate }: Run): boolean {
    const lasts = began === undefined ? 0 : performance.now() - began;
    return !isLate && lasts >= (this.#options.timing.timeout / 1_000) * NEARLY;
  }

  #begin(): void {
    const run: Run = { began: undefined, isLate: false, wantsAnother: false, slot: undefined };
    this.#run = run;
    const { pool } = this.#options;
    if (pool === undefined) this.#perform(run);
    else run.slot = pool.enter(() => this.#perform(run), this.#wasLate);
  }

  #perform(run: Run): void {
    const timeoutMs = this.#options.timing.timeout / 1_000;
    const began = performance.now();
    run.began = began;
    let abandon: NodeJS.Timeout | undefined;
    this.#reading.runs++;
    const isStandstill = () => performance.now() - began > timeoutMs + GRACE_MS + STANDSTILL_MS;
    const overdue = setTimeout(() => {
      run.isLate = true;
      this.#judge(isStandstill() ? couldNotLook(STOOD_STILL) : failed('timed out'));
      const { slot } = run;
      if (slot !== undefined) abandon = setTimeout(() => slot.leave(), ABANDON_MS).unref();
    }, timeoutMs + GRACE_MS);
    overdue.unref();
    const settle = (outcome: ProbeOutcome) => {
      clearTimeout(overdue);
      clearTimeout(abandon);
      this.#run = undefined;
      this.#wasLate = performance.now() - began >= timeoutMs;
      run.slot?.leave();
      if (this.#isClosed) return;
      if (!run.isLate) {
        const isDoubtful = outcome.passed === false && isStandstill();
        this.#judge(isDoubtful ? couldNotLook(STOOD_STILL) : outcome);
      }
      if (run.wantsAnother) this.#begin();
    };
    this.#attempt(timeoutMs).then(settle, (error: unknown) => settle(failedBy(error)));
  }

  #attempt(timeoutMs: number): Promise<ProbeOutcome> {
    try {
      return this.#probe.run(timeoutMs);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #judge(outcome: ProbeOutcome): void {
    if (this.#isClosed) return;
    this.#reading.detail = outcome.detail;
    if (outcome.passed !== undefined) this.#judgeResult(outcome.passed, outcome);
    this.#options.ran?.();
  }

  #judgeResult(hasPassed: boolean, outcome: ProbeOutcome): void {
    const before = this.#state;
    this.#state = judged(before, hasPassed ? 'passed' : 'failed', this.#options.timing);
    const { status } = this.#state;
    this.#pace(hasPassed);
    const { detail } = outcome;
    // A run that timed out has no value: while the target counts as up, the last one stands.
    const value = outcome.value ?? (status === 'up' ? this.#value : undefined);
    this.#reading.at = Date.now();
    if (!hasPassed) this.#reading.failures++;
    if (status === 'unknown') return;
    if (status === before.status && value === this.#value) return;
    this.#value = value;
    this.#options.report({ up: status === 'up', value, detail });
  }
}
