/** The history of a running agent: which of its reports go to the disk, and what the keeper has to know. */
import type { AgentSettings, ControlSettings } from '../../config/agent-settings.ts';
import { factsOf, isEventReport } from '../../control/events/event-table.ts';
import type { EventFacts, HistoryDocument } from '../../control/protocol.ts';
import { programVersion } from '../../files/package-files.ts';
import type { InstanceMark } from '../../history/record.ts';
import { Clock } from '../../kernel/clock/clock.ts';
import { bootId } from '../../kernel/process/boot.ts';
import type { AgentModel } from '../../observe/model.ts';
import type { Report } from '../../protocol/engine/reports.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import { accessOf, GroupMissing } from '../listeners/control-access.ts';
import { HistoryKeeper } from './history-keeper.ts';

interface AgentHistoryOptions {
  readonly agent: AgentSettings;
  readonly settings: () => Settings;
  readonly model: () => AgentModel;
  readonly report: (facts: EventFacts) => void;
}

export class AgentHistory {
  readonly #options: AgentHistoryOptions;
  readonly #keeper: HistoryKeeper;
  /** Opened by the first record. */
  #clock: Clock | undefined;

  constructor(options: AgentHistoryOptions) {
    this.#options = options;
    const { agent, settings, model, report } = options;
    this.#keeper = new HistoryKeeper({
      stateDirectory: agent.stateDirectory,
      gid: groupOf(agent.control),
      boot: bootId(),
      version: programVersion(),
      router: () => settings().router,
      instances: () => this.#instances(),
      clockOffsets: () => model().clockOffsets(),
      report,
      up: () => this.#up(),
    });
  }

  get document(): HistoryDocument {
    return this.#keeper.document;
  }

  /** This process is the agent now. `inherited`: it has taken over from another one. */
  begin(inherited: boolean): void {
    this.#keeper.begin(inherited);
  }

  /** Before the model takes the report: what it shows is how it was before. */
  take(report: Report): void {
    if (!isEventReport(report)) return;
    if (report.kind !== 'transition') {
      this.#keeper.record(factsOf(report));
      return;
    }
    this.#keeper.record(factsOf(report), report.at / 1_000, this.#silenceBefore(report));
  }

  /** An event that the engine did not report. */
  record(facts: EventFacts): void {
    this.#keeper.record(facts);
  }

  noteInstances(): void {
    this.#keeper.noteInstances();
  }

  /** Undefined: another process continues it. */
  async close(outcome: 'stopped' | 'failed' | undefined): Promise<void> {
    await this.#keeper.close(outcome);
    this.#clock?.close();
  }

  /** How long the MASTER was not heard when this router took over, in milliseconds. */
  #silenceBefore(report: Extract<Report, { kind: 'transition' }>): number | undefined {
    const { settings, model } = this.#options;
    if (report.to !== 'MASTER') return undefined;
    if (report.cause === 'master-silent') {
      const interval = model().view(report.instance)?.masterDownInterval;
      return interval === undefined ? undefined : Math.round(interval / 1_000);
    }
    const deadAfter = settings().peerLink?.deadAfter;
    const isDead = report.cause === 'master-dead' && deadAfter !== undefined;
    return isDead ? Math.round(deadAfter / 1_000) : undefined;
  }

  #instances(): InstanceMark[] {
    const states = this.#options.model().states();
    return this.#options.settings().instances.map(({ name, interface: link, vrid, addresses }) => ({
      ...{ name, interface: link, vrid, state: states.get(name) ?? 'INIT' },
      addresses: addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
    }));
  }

  #up(): number {
    this.#clock ??= new Clock();
    return this.#clock.now() / 1_000;
  }
}

/** A missing group is reported where the control socket is opened. */
function groupOf(control: ControlSettings): number | undefined {
  try {
    return accessOf(control).gid;
  } catch (error) {
    if (error instanceof GroupMissing) return undefined;
    throw error;
  }
}
