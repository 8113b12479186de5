/** The side of the process that is to go. */
import { randomUUID } from 'node:crypto';
import { shortestMasterDownInterval } from '../../../fsm/vrrp/timing.ts';
import { CommandRefusal, type TakeoverStep } from '../../control/commands.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import type { ProtocolWorker } from '../../protocol/thread/protocol-worker.ts';
import type { Configuration } from '../configuration.ts';
import { type BegunDocument, type PreparedDocument, TAKEOVER_FORMAT } from './takeover-protocol.ts';

/** Milliseconds that this process stands still at most. */
const PATIENCE = { least: 50, most: 500 } as const;

export interface PredecessorOptions {
  readonly version: string;
  readonly configuration: Configuration;
  readonly protocol: Pick<ProtocolWorker, 'freeze' | 'thaw' | 'abandon'>;
  /** The next process has it all: this one ends. */
  readonly onCommit: () => void;
}

export class Predecessor {
  readonly #options: PredecessorOptions;
  #token: string | undefined;
  #generation = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PredecessorOptions) {
    this.#options = options;
  }

  async take(step: TakeoverStep, body: Readonly<Record<string, unknown>>): Promise<unknown> {
    switch (step) {
      case 'prepare':
        return this.#prepare();
      case 'begin':
        return this.#begin(body['generation']);
      case 'commit':
        return this.#commit(body['token']);
      case 'abort':
        if (body['token'] === this.#token) this.cancel();
        return {};
    }
  }

  /** This process goes on. */
  cancel(): void {
    if (this.#token === undefined) return;
    this.#forget();
    this.#options.protocol.thaw();
  }

  #prepare(): PreparedDocument {
    const { version, configuration } = this.#options;
    this.#assertAlone();
    return {
      format: TAKEOVER_FORMAT,
      pid: process.pid,
      version,
      settings: withoutSecrets(configuration.settings),
      generation: configuration.generation,
    };
  }

  async #begin(generation: unknown): Promise<BegunDocument> {
    const { configuration, protocol } = this.#options;
    this.#assertAlone();
    if (generation !== configuration.generation) {
      throw refusal('changed', 'the configuration has changed meanwhile: begin anew');
    }
    const token = randomUUID();
    this.#token = token;
    this.#generation = configuration.generation;
    const patience = patienceOf(configuration.settings);
    this.#timer = setTimeout(() => this.cancel(), patience);
    const capture = await protocol.freeze();
    if (this.#token !== token)
      throw refusal('takeover-over', 'the agent goes on: it took too long');
    return { token, capture, patience_ms: patience };
  }

  #commit(token: unknown): object {
    if (this.#token === undefined || token !== this.#token) {
      throw refusal('takeover-over', 'the agent goes on: the time for it is over');
    }
    const { configuration, protocol, onCommit } = this.#options;
    if (configuration.generation !== this.#generation) {
      this.cancel();
      throw refusal('changed', 'the configuration has changed meanwhile: begin anew');
    }
    this.#forget();
    configuration.stop();
    onCommit();
    protocol.abandon();
    return { committed: true };
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#token = undefined;
  }

  #assertAlone(): void {
    if (this.#token !== undefined) {
      throw refusal('takeover-under-way', 'another process is taking over already');
    }
    if (this.#options.configuration.isStopping) throw refusal('stopping', 'the agent is stopping');
  }
}

function refusal(code: string, message: string): CommandRefusal {
  return new CommandRefusal({ status: 409, code, message });
}

/** Half of the time after which a peer takes over. */
function patienceOf({ instances }: Settings): number {
  const silences = instances.map(({ version, advertisementInterval }) =>
    shortestMasterDownInterval(version, advertisementInterval),
  );
  const half = Math.min(...silences) / 2_000;
  return Math.max(PATIENCE.least, Math.min(PATIENCE.most, half));
}

function withoutSecrets(settings: Settings): Settings {
  const instances = settings.instances.map((one) => ({
    ...one,
    authentication: { type: 'none' as const },
  }));
  return { ...settings, instances };
}
