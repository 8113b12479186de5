/** Runs the probes of the checker process, by number, and collects what they have done. */

import { RunPool } from '../async/run-pool.ts';
import { Reactor } from '../kernel/reactor/reactor.ts';
import type { ProbeSettings } from '../net/probe.ts';
import {
  DETAIL_MAX,
  type ProbeChange,
  type ProbeRuns,
  type ToChecker,
} from './channel/messages.ts';
import { ProbeRunner, type RunReading } from './probe-runner.ts';
import { makeProbe, type ProbeContext } from './probes/make-probe.ts';
import { PatternMatcher } from './probes/pattern-matcher.ts';
import type { Probe } from './probes/probe.ts';

interface ProberOptions {
  readonly report: (id: number, change: ProbeChange) => void;
  readonly onError: (error: unknown) => void;
  readonly make?: (settings: ProbeSettings, context: ProbeContext) => Probe;
}

type Watch = Extract<ToChecker, { readonly kind: 'watch' }>;

interface Runner {
  readonly runner: ProbeRunner;
  /** What `takeRuns` has returned. */
  taken: Pick<RunReading, 'runs' | 'failures' | 'overruns' | 'at'>;
}

const NOTHING = { runs: 0, failures: 0, overruns: 0, at: 0 };

export class Prober {
  readonly #options: ProberOptions;
  readonly #runners = new Map<number, Runner>();
  /** Probes that ran since `takeRuns`. */
  readonly #ran = new Set<number>();
  readonly #pool = new RunPool();
  readonly #patterns = new PatternMatcher();
  #reactor: Reactor | undefined;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  watch({ id, settings, spreadMs, known }: Omit<Watch, 'kind'>): void {
    this.unwatch(id);
    const { make = makeProbe, report } = this.#options;
    const probe = make(settings, {
      reactor: () => this.#sharedReactor(),
      patterns: this.#patterns,
      onChange: () => this.#runners.get(id)?.runner.checkNow(),
      last: known?.value,
    });
    const runner = new ProbeRunner(probe, {
      timing: settings,
      random: Math.random,
      report: (change) => report(id, change),
      ran: () => this.#ran.add(id),
      known,
      spreadMs,
      ...(settings.kind === 'script' ? { pool: this.#pool } : {}),
    });
    this.#runners.set(id, { runner, taken: NOTHING });
    runner.start();
  }

  unwatch(id: number): void {
    this.#runners.get(id)?.runner.close();
    this.#runners.delete(id);
    this.#ran.delete(id);
  }

  /** How long the next command has been waiting for a slot, in milliseconds. */
  get wait(): number {
    return this.#pool.wait;
  }

  /** What the probes have done since the last call. */
  takeRuns(): ProbeRuns[] {
    const ran = [...this.#ran];
    this.#ran.clear();
    return ran.flatMap((id) => {
      const one = this.#runners.get(id);
      if (one === undefined) return [];
      const { detail, ...now } = one.runner.reading;
      const { taken } = one;
      one.taken = now;
      return {
        id,
        runs: now.runs - taken.runs,
        failures: now.failures - taken.failures,
        overruns: now.overruns - taken.overruns,
        detail: detail.slice(0, DETAIL_MAX),
        at: now.at === taken.at ? 0 : now.at,
      };
    });
  }

  /** True: commands still run, and have been told to end. */
  close(): boolean {
    for (const { runner } of this.#runners.values()) runner.close();
    this.#runners.clear();
    this.#patterns.close();
    this.#reactor?.close();
    this.#reactor = undefined;
    return this.#pool.running > 0;
  }

  #sharedReactor(): Reactor {
    this.#reactor ??= new Reactor(this.#options.onError);
    return this.#reactor;
  }
}
