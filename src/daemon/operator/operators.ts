/** Connects the requests of operators, and their locks, to a running agent. */
import type { Logger } from 'pino';
import type { EventFacts } from '../../control/events/event-table.ts';
import type { OperatorAccess } from '../../control/operator-commands.ts';
import type { Input } from '../../protocol/engine/inputs.ts';
import type { Report } from '../../protocol/engine/reports.ts';
import { EngineRequests } from './engine-requests.ts';
import { OperatorService, type OperatorServiceOptions } from './operator-service.ts';
import { isEmpty } from './order.ts';
import type { LockTrouble, OperatorLocks } from './orders.ts';
import { requesterOn } from './requester.ts';

export interface OperatorsOptions {
  readonly locks: OperatorLocks;
  readonly model: OperatorServiceOptions['model'];
  /** To the events and the log. */
  readonly record: (facts: EventFacts) => void;
  readonly logger: Logger;
  readonly feed: (inputs: readonly Input[]) => void;
}

export class Operators {
  readonly access: OperatorAccess;
  readonly #options: OperatorsOptions;
  readonly #requests: EngineRequests;
  readonly #service: OperatorService;
  /** Instances whose locks were loaded. */
  readonly #known = new Set<string>();

  constructor(options: OperatorsOptions) {
    this.#options = options;
    const { locks, model, record, feed } = options;
    this.#requests = new EngineRequests(feed);
    const requests = this.#requests;
    this.#service = new OperatorService({ requests, locks, model, record, now: Date.now });
    this.access = { commands: this.#service, requesterOn };
  }

  /** The locks that previous runs left on instances that are new here, as inputs to the engine. */
  async restore(instances: readonly string[]): Promise<readonly Input[]> {
    const { locks, logger } = this.#options;
    const fresh = instances.filter((instance) => !this.#known.has(instance));
    for (const instance of fresh) this.#known.add(instance);
    for (const trouble of await locks.load(fresh, Date.now())) logTrouble(logger, trouble);
    this.#service.start();
    return fresh.flatMap((instance) => {
      const lock = locks.of(instance);
      if (isEmpty(lock)) return [];
      const { maintenance, heldBack } = lock;
      return [
        {
          kind: 'restore',
          instance,
          maintenance: maintenance !== null,
          heldBack: heldBack !== null,
        },
      ];
    });
  }

  take(report: Report): void {
    if (report.kind === 'answer') this.#requests.answered(report.id, report.answer);
    if (report.kind === 'instance-removed') this.#known.delete(report.instance);
    if (report.kind !== 'view') return;
    const { name, heldBack, state } = report.view;
    if (!heldBack && state !== 'INIT') this.#service.heldBackEnded(name);
  }

  close(): void {
    this.#service.stop();
  }
}

/** The lock is unknown: an instance that is held back serves when no other router does. */
function logTrouble(logger: Logger, { instance, message }: LockTrouble): void {
  const who = instance ?? 'every instance';
  logger.error(
    { code: 'state-unreadable', instance },
    `${message}: ${who} is held back; \`maintenance off\` puts it right`,
  );
}
