/** Operators' requests and what they have decided, joined to a running agent. */
import type { Logger } from 'pino';
import type { OperatorAccess } from '../../control/operator-commands.ts';
import type { EventFacts, StatusDocument } from '../../control/protocol.ts';
import type { Input } from '../../engine/inputs.ts';
import type { Report } from '../../engine/reports.ts';
import { askerOn } from './asker.ts';
import { OperatorDesk } from './desk.ts';
import { EngineRequests } from './engine-requests.ts';
import { isEmpty } from './order.ts';
import type { Orders, OrderTrouble } from './orders.ts';

export interface OperatorsOptions {
  readonly orders: Orders;
  readonly status: () => StatusDocument;
  /** For the events and the log. */
  readonly note: (facts: EventFacts) => void;
  readonly logger: Logger;
  readonly feed: (inputs: readonly Input[]) => void;
}

export class Operators {
  readonly access: OperatorAccess;
  readonly #options: OperatorsOptions;
  readonly #requests: EngineRequests;
  readonly #desk: OperatorDesk;
  /** Instances whose orders have been looked for. */
  readonly #known = new Set<string>();

  constructor(options: OperatorsOptions) {
    this.#options = options;
    const { orders, status, note, feed } = options;
    this.#requests = new EngineRequests(feed);
    const requests = this.#requests;
    this.#desk = new OperatorDesk({ requests, orders, status, record: note, now: Date.now });
    this.access = { commands: this.#desk, askerOn };
  }

  /** What former runs have left about instances that are new here: for the engine. */
  async restore(instances: readonly string[]): Promise<readonly Input[]> {
    const { orders, logger } = this.#options;
    const fresh = instances.filter((instance) => !this.#known.has(instance));
    for (const instance of fresh) this.#known.add(instance);
    for (const trouble of await orders.load(fresh, Date.now())) logTrouble(logger, trouble);
    this.#desk.start();
    return fresh.flatMap((instance) => {
      const order = orders.of(instance);
      if (isEmpty(order)) return [];
      const { maintenance, heldBack } = order;
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
    if (!heldBack && state !== 'INIT') this.#desk.heldBackEnded(name);
  }

  close(): void {
    this.#desk.stop();
  }
}

/** Nobody knows what was decided: an instance that is held back serves when nobody else does. */
function logTrouble(logger: Logger, { instance, message }: OrderTrouble): void {
  const who = instance ?? 'every instance';
  logger.error(
    { code: 'state-unreadable', instance },
    `${message}: ${who} is held back; \`maintenance off\` puts it right`,
  );
}
