/** Runs the configured probes on the main thread, each of them once, and reports their changes. */
import { Reactor } from '../kernel/reactor/reactor.ts';
import { type ProbeSettings, probeName } from '../net/probe.ts';
import type { ProbeReading } from '../observe/track-documents.ts';
import { type ProbeChange, ProbeRunner } from './probe-runner.ts';
import { makeProbe, type ProbeContext } from './probes/make-probe.ts';
import type { Probe } from './probes/probe.ts';
import { RunPool } from './run-pool.ts';

interface ProberOptions {
  readonly report: (probe: string, change: ProbeChange) => void;
  readonly onError: (error: unknown) => void;
  /** The first runs are spread over this time. */
  readonly spreadMs?: number;
  readonly make?: (settings: ProbeSettings, context: ProbeContext) => Probe;
}

export class Prober {
  readonly #options: ProberOptions;
  readonly #runners = new Map<string, ProbeRunner>();
  readonly #pool = new RunPool();
  #reactor: Reactor | undefined;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Keeps the probes that are still wanted, closes the others and starts new ones. */
  reconfigure(probes: Iterable<ProbeSettings>): void {
    const wanted = new Map([...probes].map((settings) => [probeName(settings), settings]));
    for (const [name, runner] of this.#runners) {
      if (wanted.has(name)) continue;
      runner.close();
      this.#runners.delete(name);
    }
    for (const [name, settings] of wanted) {
      if (!this.#runners.has(name)) this.#start(name, settings);
    }
  }

  /** How long the next command has been waiting for a slot, in milliseconds. */
  get wait(): number {
    return this.#pool.wait;
  }

  reading(name: string): ProbeReading | undefined {
    return this.#runners.get(name)?.reading;
  }

  close(): void {
    for (const runner of this.#runners.values()) runner.close();
    this.#runners.clear();
    this.#reactor?.close();
    this.#reactor = undefined;
  }

  #start(name: string, settings: ProbeSettings): void {
    const { make = makeProbe, report, spreadMs } = this.#options;
    const probe = make(settings, {
      reactor: () => this.#sharedReactor(),
      onChange: () => this.#runners.get(name)?.checkNow(),
    });
    const runner = new ProbeRunner(probe, {
      timing: settings,
      random: Math.random,
      report: (change) => report(name, change),
      ...(spreadMs === undefined ? {} : { spreadMs }),
      ...(settings.kind === 'script' ? { pool: this.#pool } : {}),
    });
    this.#runners.set(name, runner);
    runner.start();
  }

  #sharedReactor(): Reactor {
    this.#reactor ??= new Reactor(this.#options.onError);
    return this.#reactor;
  }
}
