/** Reloads as operators ask for them, over the control socket or by a signal, and what is told of them. */
import type { Logger } from 'pino';
import type { ReloadPlan } from '../config/diff.ts';
import { formatFinding } from '../config/finding.ts';
import { CommandRefusal, type ControlCommands } from '../control/commands.ts';
import type { EventFacts, ReloadDocument } from '../control/protocol.ts';
import type { Configuration } from './configuration.ts';

export class Reloads implements Pick<ControlCommands, 'reload'> {
  readonly #configuration: Configuration;
  readonly #note: (facts: EventFacts) => void;
  readonly #logger: Logger;

  constructor(configuration: Configuration, note: (facts: EventFacts) => void, logger: Logger) {
    this.#configuration = configuration;
    this.#note = note;
    this.#logger = logger;
  }

  async reload({ dryRun }: { readonly dryRun: boolean }): Promise<ReloadDocument> {
    try {
      const document = await this.#configuration.reload({ dryRun });
      if (!dryRun) this.#tell(document);
      return document;
    } catch (error) {
      if (!dryRun) this.#tellRefusal(error);
      throw error;
    }
  }

  /** What went wrong is in the log. */
  async onSignal(): Promise<void> {
    await this.reload({ dryRun: false }).catch(() => undefined);
  }

  #tell({ instances, agent, warnings }: ReloadDocument): void {
    const count = (wanted: string) => instances.filter(({ action }) => action === wanted).length;
    this.#note({
      kind: 'configuration-reloaded',
      started: count('start'),
      stopped: count('stop'),
      changed: count('change'),
      restarted: count('restart'),
    });
    for (const { file, ...warning } of warnings) {
      this.#logger.warn({ code: 'configuration-warning' }, formatFinding(file, warning));
    }
    for (const { key } of agent.filter(({ effect }) => effect === 'needs-restart')) {
      const message = `${key} is as before: only a restart of the agent changes it`;
      this.#logger.warn({ code: 'restart-needed', key }, message);
    }
  }

  #tellRefusal(error: unknown): void {
    if (!(error instanceof CommandRefusal)) {
      this.#logger.error({ code: 'reload-failed', err: error }, 'the reload has failed');
      return;
    }
    const { findings, message, code } = error.refusal;
    if (findings === undefined) {
      this.#logger.error({ code }, `nothing is reloaded: ${message}`);
      return;
    }
    for (const { file, ...finding } of findings) {
      this.#logger.error({ code: 'configuration-error' }, formatFinding(file, finding));
    }
    const file = findings[0]?.file ?? '';
    this.#note({ kind: 'configuration-refused', file, errors: findings.length });
  }
}

/** By the new name. */
export function formerNames({ instances }: ReloadPlan): ReadonlyMap<string, string> {
  return new Map(
    instances.flatMap(({ name, formerName, action }) =>
      formerName === undefined || action === 'restart' ? [] : [[name, formerName]],
    ),
  );
}
