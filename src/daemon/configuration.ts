/**
 * The configuration in effect, and the way to the next one: read, checked and planned as a whole
 * before anything is touched. One reload at a time.
 */

import { SerialQueue } from '../async/serial-queue.ts';
import type { AgentSettings } from '../config/agent-settings.ts';
import { type ReloadPlan, reloadPlan } from '../config/diff.ts';
import { effectiveConfig, maskSecrets } from '../config/effective/effective.ts';
import type { Finding } from '../config/finding.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Lowered } from '../config/lower/lower.ts';
import { loadConfigFile } from '../config/read-file.ts';
import { CommandRefusal } from '../control/commands.ts';
import type { FindingDocument, ReloadDocument, StatusDocument } from '../control/protocol.ts';
import type { InstanceSettings, Settings } from '../protocol/engine/settings.ts';
import { reloadDocument } from './reload-document.ts';

/** What follows the configuration, besides the engine. */
export interface Follower {
  /** May fail, and then has to be as it was: nothing of the reload is done. */
  readonly prepare?: (next: Lowered) => Promise<void>;
  /** The plan is being applied. */
  readonly follow?: (next: Lowered, plan: ReloadPlan) => void;
}

export interface ConfigurationOptions {
  readonly file: string;
  readonly config: LoadedConfig;
  readonly status: () => StatusDocument;
  /** Hands the plan over to the protocol; fulfilled when it is in effect there. */
  readonly apply: (plan: ReloadPlan) => Promise<void>;
  /** What the host lacks for a configuration, in sentences; left out: nobody looks. */
  readonly lacking?: (next: Lowered) => Promise<readonly string[]>;
}

export class Configuration {
  readonly #options: ConfigurationOptions;
  readonly #followers: Follower[] = [];
  #current: Lowered;
  /** Left by a reload, and not gone yet. */
  readonly #leaving: InstanceSettings[] = [];
  readonly #reloads = new SerialQueue();
  #isStopping = false;
  #words: unknown;
  #generation = 1;

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.#current = options.config;
    this.#words = wordsOf(options.config);
  }

  get agent(): AgentSettings {
    return this.#current.agent;
  }

  get settings(): Settings {
    return this.#current.settings;
  }

  /** The same and what a former configuration has left for the engine to let go of. */
  get everything(): Settings {
    const { settings } = this.#current;
    return { ...settings, instances: [...settings.instances, ...this.#leaving] };
  }

  /** Another number with each configuration. */
  get generation(): number {
    return this.#generation;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** In the words of the file, secrets masked. */
  get words(): unknown {
    return this.#words;
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  /** The engine has let go of an instance of a former configuration. */
  removed(name: string): void {
    const index = this.#leaving.findIndex((one) => one.name === name);
    if (index >= 0) this.#leaving.splice(index, 1);
  }

  /** No reload begins any more. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Throws `CommandRefusal`; then nothing has changed. */
  reload({ dryRun }: { readonly dryRun: boolean }): Promise<ReloadDocument> {
    return this.#reloads.run(() => this.#reload(dryRun));
  }

  /** Goes on with another configuration than the one it began with. */
  async enter(next: Lowered): Promise<void> {
    await this.#enter(reloadPlan(this.#current, next));
  }

  async #reload(dryRun: boolean): Promise<ReloadDocument> {
    this.#assertRunning();
    const { file, status } = this.#options;
    const loaded = loadConfigFile(file);
    if (!loaded.ok) throw invalid(file, loaded.error);
    const plan = reloadPlan(this.#current, loaded.value);
    const document = reloadDocument({
      plan,
      file,
      applied: !dryRun,
      states: new Map(status().instances.map(({ name, state }) => [name, state])),
      warnings: withFile(file, loaded.value.warnings),
      lacking: (await this.#options.lacking?.(loaded.value)) ?? [],
    });
    if (dryRun) return document;
    await this.#prepare(plan.effective);
    this.#assertRunning();
    await this.#enter(plan);
    return document;
  }

  async #enter(plan: ReloadPlan): Promise<void> {
    const leaving = new Set(plan.change.stop);
    this.#leaving.push(...this.settings.instances.filter(({ name }) => leaving.has(name)));
    this.#generation++;
    this.#current = plan.effective;
    this.#words = wordsOf(plan.effective);
    for (const { follow } of this.#followers) follow?.(plan.effective, plan);
    await this.#options.apply(plan);
  }

  async #prepare(next: Lowered): Promise<void> {
    try {
      for (const { prepare } of this.#followers) await prepare?.(next);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      const message = `${error.message}; nothing has changed`;
      throw new CommandRefusal({ status: 409, code: String(error.code), message });
    }
  }

  #assertRunning(): void {
    if (!this.#isStopping) return;
    const message = 'the agent is stopping';
    throw new CommandRefusal({ status: 409, code: 'stopping', message });
  }
}

function wordsOf({ settings, agent }: Lowered): unknown {
  return maskSecrets(effectiveConfig(settings, agent));
}

function invalid(file: string, errors: readonly Finding[]): CommandRefusal {
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  const message = `${file} is not applied: ${count}, nothing has changed`;
  const findings = withFile(file, errors);
  return new CommandRefusal({ status: 409, code: 'invalid-configuration', message, findings });
}

function withFile(file: string, findings: readonly Finding[]): FindingDocument[] {
  return findings.map(({ line, column, code, message }) => ({ file, line, column, code, message }));
}
