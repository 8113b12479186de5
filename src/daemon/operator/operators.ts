/** Connects the requests and locks of operators to the running agent. */
import type { Logger } from 'pino';
import type { EventFacts } from '../../control/events/event-table.ts';
import type { OperatorAccess } from '../../control/operator-commands.ts';
import type { Input } from '../../protocol/engine/inputs.ts';
import type { Report } from '../../protocol/engine/reports.ts';
import { EngineRequests } from './engine-requests.ts';
import { isEmpty } from './operator-lock.ts';
import type { LockProblem, OperatorLocks } from './operator-locks.ts';
import { OperatorService, type OperatorServiceOptions } from './operator-service.ts';
import { peerOn, requesterOn } from './requester.ts';

interface OperatorsOptions {
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
  /** Instances whose locks have been loaded. */
  readonly #loaded = new Set<string>();

  constructor(options: OperatorsOptions) {
    this.#options = options;
    const { locks, model, record, feed } = options;
    this.#requests = new EngineRequests(feed);
    const requests = this.#requests;
    this.#service = new OperatorService({ requests, locks, model, record, now: Date.now });
    this.access = { commands: this.#service, requesterOn, peerOn };
  }

  /** Loads the locks of instances that are new here; resolves to the inputs that restore them. */
  async restore(instances: readonly string[]): Promise<readonly Input[]> {
    const { locks, logger } = this.#options;
    const fresh = instances.filter((instance) => !this.#loaded.has(instance));
    for (const instance of fresh) this.#loaded.add(instance);
    for (const problem of await locks.load(fresh, Date.now())) logProblem(logger, problem);
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
    if (report.kind === 'instance-removed') this.#loaded.delete(report.instance);
    if (report.kind !== 'view') return;
    const { name, heldBack, state } = report.view;
    if (!heldBack && state !== 'INIT') this.#service.heldBackEnded(name);
  }

  close(): void {
    this.#service.stop();
  }
}

function logProblem(logger: Logger, { instance, message }: LockProblem): void {
  const held = instance ?? 'every instance';
  logger.error(
    { code: 'state-unreadable', instance },
    `${message}: ${held} is held back; \`maintenance off\` ends that`,
  );
}
