/**
 * The configuration in effect, and the change to the next one, which is read, checked and planned
 * completely before anything changes. One reload at a time.
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
import { configHost } from './host/config-host.ts';
import { reloadDocument } from './reload-document.ts';

/** A part of the agent, other than the engine, that depends on the configuration. */
interface Follower {
  /** If it rejects, it has changed nothing, and the reload is refused. */
  readonly prepare?: (next: Lowered) => Promise<void>;
  /** Called when the plan is applied. */
  readonly follow?: (next: Lowered, plan: ReloadPlan) => void;
}

interface ConfigurationOptions {
  readonly file: string;
  readonly config: LoadedConfig;
  readonly status: () => StatusDocument;
  /** Sends the plan to the protocol; resolves when it is in effect there. */
  readonly apply: (plan: ReloadPlan) => Promise<void>;
  /** What the host lacks for a configuration, in sentences. Default: not checked. */
  readonly lacking?: (next: LoadedConfig) => Promise<readonly string[]>;
  /** The balanced connections that a configuration ends. Default: none. */
  readonly cuts?: (next: Lowered) => ReloadDocument['cuts'];
}

export class Configuration {
  readonly #options: ConfigurationOptions;
  readonly #followers: Follower[] = [];
  #current: Lowered;
  /** Stopped by a reload; the engine has not released them yet. */
  readonly #releasing: InstanceSettings[] = [];
  readonly #reloads = new SerialQueue();
  #isStopping = false;
  #effective: unknown;
  #generation = 1;

  constructor(options: ConfigurationOptions) {
    this.#options = options;
    this.#current = options.config;
    this.#effective = effectiveOf(options.config);
  }

  get agent(): AgentSettings {
    return this.#current.agent;
  }

  get settings(): Settings {
    return this.#current.settings;
  }

  /** The settings in effect, and the instances of earlier ones that the engine has yet to release. */
  get settingsInUse(): Settings {
    const { settings } = this.#current;
    return { ...settings, instances: [...settings.instances, ...this.#releasing] };
  }

  /** Changes with each configuration. */
  get generation(): number {
    return this.#generation;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** The effective configuration as a document, secrets masked. */
  get effective(): unknown {
    return this.#effective;
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
  }

  /** The engine has released an instance of an earlier configuration. */
  removed(name: string): void {
    const index = this.#releasing.findIndex((one) => one.name === name);
    if (index >= 0) this.#releasing.splice(index, 1);
  }

  /** Refuses all further reloads. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Rejects with `CommandRefusal`, and then has changed nothing. */
  reload({ dryRun }: { readonly dryRun: boolean }): Promise<ReloadDocument> {
    return this.#reloads.run(() => this.#reload(dryRun));
  }

  /** Changes from the settings of a predecessor to those of the file. */
  async enter(next: Lowered): Promise<void> {
    await this.#enter(reloadPlan(this.#current, next));
  }

  async #reload(dryRun: boolean): Promise<ReloadDocument> {
    this.#assertRunning();
    const { file, status } = this.#options;
    const loaded = loadConfigFile(file, configHost());
    if (!loaded.ok) throw invalid(file, loaded.error);
    const plan = reloadPlan(this.#current, loaded.value);
    const document = reloadDocument({
      plan,
      file,
      applied: !dryRun,
      states: new Map(status().instances.map(({ name, state }) => [name, state])),
      warnings: withFile(file, loaded.value.warnings),
      lacking: (await this.#options.lacking?.(loaded.value)) ?? [],
      cuts: this.#options.cuts?.(plan.effective) ?? [],
    });
    if (dryRun) return document;
    await this.#prepare(plan.effective);
    this.#assertRunning();
    await this.#enter(plan);
    return document;
  }

  async #enter(plan: ReloadPlan): Promise<void> {
    const stopping = new Set(plan.change.stop);
    this.#releasing.push(...this.settings.instances.filter(({ name }) => stopping.has(name)));
    this.#generation++;
    this.#current = plan.effective;
    this.#effective = effectiveOf(plan.effective);
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

function effectiveOf({ settings, agent }: Lowered): unknown {
  return maskSecrets(effectiveConfig(settings, agent));
}

function invalid(file: string, errors: readonly Finding[]): CommandRefusal {
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  const message = `${file} is not applied: ${count}, nothing has changed`;
  const findings = withFile(file, errors);
  return new CommandRefusal({ status: 409, code: 'invalid-configuration', message, findings });
}

function withFile(file: string, findings: readonly Finding[]): FindingDocument[] {
  return findings.map(({ line, column, code, message, file: included = file }) => ({
    file: included,
    line,
    column,
    code,
    message,
  }));
}
