/** Reloads that operators request over the control socket or by a signal; records and logs the result. */
import type { Logger } from 'pino';
import type { ReloadPlan } from '../config/diff.ts';
import { formatFinding } from '../config/finding.ts';
import { CommandRefusal, type ControlCommands } from '../control/commands.ts';
import type { EventFacts, ReloadDocument } from '../control/protocol.ts';
import type { Configuration } from './configuration.ts';

export class Reloads implements Pick<ControlCommands, 'reload'> {
  readonly #configuration: Configuration;
  readonly #record: (facts: EventFacts) => void;
  readonly #logger: Logger;

  constructor(configuration: Configuration, record: (facts: EventFacts) => void, logger: Logger) {
    this.#configuration = configuration;
    this.#record = record;
    this.#logger = logger;
  }

  async reload({ dryRun }: { readonly dryRun: boolean }): Promise<ReloadDocument> {
    try {
      const document = await this.#configuration.reload({ dryRun });
      if (!dryRun) this.#report(document);
      return document;
    } catch (error) {
      if (!dryRun) this.#reportRefusal(error);
      throw error;
    }
  }

  /** Failures are only logged. */
  async onSignal(): Promise<void> {
    await this.reload({ dryRun: false }).catch(() => undefined);
  }

  #report({ instances, agent, warnings, cuts = [] }: ReloadDocument): void {
    const count = (wanted: string) => instances.filter(({ action }) => action === wanted).length;
    this.#record({
      kind: 'configuration-reloaded',
      started: count('start'),
      stopped: count('stop'),
      changed: count('change'),
      restarted: count('restart'),
    });
    for (const { file, ...warning } of warnings) {
      this.#logger.warn({ code: 'configuration-warning' }, formatFinding(file, warning));
    }
    for (const { service, server, connections } of cuts) {
      const message = `${connections} connections end: ${server} leaves the service ${service}`;
      this.#logger.warn({ code: 'ipvs-connections-cut' }, message);
    }
    for (const { key } of agent.filter(({ effect }) => effect === 'needs-restart')) {
      const message = `${key} keeps its value: a change needs a restart of the agent`;
      this.#logger.warn({ code: 'restart-needed', key }, message);
    }
  }

  #reportRefusal(error: unknown): void {
    if (!(error instanceof CommandRefusal)) {
      this.#logger.error({ code: 'reload-failed', err: error }, 'the reload has failed');
      return;
    }
    const { findings, message, code } = error.refusal;
    if (findings === undefined) {
      this.#logger.error({ code }, `reload refused: ${message}`);
      return;
    }
    for (const { file, ...finding } of findings) {
      this.#logger.error({ code: 'configuration-error' }, formatFinding(file, finding));
    }
    const file = findings[0]?.file ?? '';
    this.#record({ kind: 'configuration-refused', file, errors: findings.length });
  }
}

/** Former names of renamed instances that keep running, by the new name. */
export function formerNames({ instances }: ReloadPlan): ReadonlyMap<string, string> {
  return new Map(
    instances.flatMap(({ name, formerName, action }) =>
      formerName === undefined || action === 'restart' ? [] : [[name, formerName]],
    ),
  );
}
