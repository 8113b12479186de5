/**
 * Where operators are served: failover, maintenance, priority. Decisions are the engine's; what has
 * to outlive the agent is written down here, and who asked for what is told in events and log.
 */
import { releaseWait } from '../../../fsm/vrrp/timing.ts';
import { CommandRefusal } from '../../control/commands.ts';
import type {
  Asker,
  FailoverTerms,
  MaintenanceTerms,
  OperatorCommands,
} from '../../control/operator-commands.ts';
import type {
  HandOverDocument,
  MaintenanceAnswer,
  MaintenanceDocument,
  PriorityAnswer,
} from '../../control/operator-protocol.ts';
import type { EventFacts, InstanceDocument, StatusDocument } from '../../control/protocol.ts';
import type { OperatorAnswer, OperatorRequest } from '../../engine/requests.ts';
import { type Duration, formatDuration, milliseconds, seconds } from '../../net/time.ts';

import { type EngineRequests, NoEngineAnswer } from './engine-requests.ts';
import type { Orders } from './orders.ts';
import {
  type HandOverAnswer,
  handOverDocument,
  noSuccessor,
  outcomeText,
  refusalOf,
} from './outcome.ts';
import { stakePart } from './stake.ts';

export interface DeskOptions {
  readonly requests: EngineRequests;
  readonly orders: Orders;
  readonly status: () => StatusDocument;
  /** For the events and the log. */
  readonly record: (facts: EventFacts) => void;
  /** Milliseconds of the epoch. */
  readonly now: () => number;
}

/** What the engine and the kernel may take beyond the wait that was asked for. */
const GRACE: Duration = seconds(10);

interface Asked {
  readonly instance: string;
  readonly by: Asker;
  /** What is asked for, in words. */
  readonly what: string;
}

export class OperatorDesk implements OperatorCommands {
  readonly #options: DeskOptions;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  async failover(instance: string, terms: FailoverTerms, by: Asker): Promise<HandOverDocument> {
    const { wait, force, to } = terms;
    const what = `failover${to === null ? '' : ` to ${to}`}${force ? ' by force' : ''}`;
    const asked = { instance, by, what };
    const before = this.#row(instance);
    const answer = await this.#handOver(asked, { type: 'failover', wait, force, to }, wait);
    const warnings = await this.#keep(asked, { heldBack: { since: this.#time(), by } });
    if (to !== null && answer.outcome === 'handed-over' && answer.successor.address !== to) {
      warnings.push(`${answer.successor.address} took over, and not ${to}`);
    }
    const after = this.#row(instance);
    return { ...handOverDocument(answer, after, warnings), ...stakePart(before, after) };
  }

  async release(instance: string, by: Asker): Promise<HandOverDocument> {
    const asked = { instance, by, what: 'release' };
    const answer = await this.#done(asked, { type: 'release' });
    const warnings = await this.#keep(asked, { heldBack: null });
    return handOverDocument(answer, this.#row(instance), warnings);
  }

  async beginMaintenance(
    instance: string,
    terms: MaintenanceTerms,
    by: Asker,
  ): Promise<MaintenanceAnswer> {
    const { wait, force, reason } = terms;
    const asked = { instance, by, what: `maintenance${force ? ' by force' : ''}` };
    const since = this.#time();
    const until = terms.for === null ? null : this.#time(terms.for);
    const maintenance: MaintenanceDocument = { since, until, by, reason };
    const before = this.#row(instance);
    const draft = await this.#options.orders.prepare(instance, { maintenance, heldBack: null });
    if (draft.failure !== undefined && !force) {
      throw notSaved(`${draft.failure} (--force goes on; a restart would end the maintenance)`);
    }
    try {
      const answer = await this.#handOver(asked, { type: 'maintenance-on', wait, force }, wait);
      const warnings = warningsOf(await draft.commit());
      this.#schedule();
      const after = this.#row(instance);
      const document = handOverDocument(answer, after, warnings);
      return { ...document, ...stakePart(before, after), maintenance };
    } catch (error) {
      await draft.abandon();
      throw error;
    }
  }

  endMaintenance(instance: string, by: Asker): Promise<MaintenanceAnswer> {
    return this.#endMaintenance({ instance, by, what: 'end of maintenance' });
  }

  async setPriority(instance: string, priority: number | null, by: Asker): Promise<PriorityAnswer> {
    const what = priority === null ? 'the configured priority' : `priority ${priority}`;
    await this.#done({ instance, by, what }, { type: 'priority', priority });
    const { state, priority: now, group } = this.#row(instance);
    const members = this.#options.status().instances.filter((one) => one.group === group);
    const also = group === null ? [] : members.map(({ name }) => name);
    return {
      ...{ instance, outcome: 'done', state, warnings: [], priority: now },
      also: also.filter((name) => name !== instance),
    };
  }

  /** The instance was MASTER again, or let go in another way: nothing is held back any more. */
  heldBackEnded(instance: string): void {
    if (this.#options.orders.of(instance).heldBack === null) return;
    void this.#keep({ instance, by: AGENT, what: 'release' }, { heldBack: null });
  }

  /** Ends what has expired, now and from now on. */
  start(): void {
    this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#expiry);
  }

  async #endMaintenance(asked: Asked): Promise<MaintenanceAnswer> {
    const { instance } = asked;
    const answer = await this.#done(asked, { type: 'maintenance-off' });
    const warnings = await this.#keep(asked, { maintenance: null, heldBack: null });
    this.#schedule();
    const maintenance = this.#options.orders.of(instance).maintenance;
    return { ...handOverDocument(answer, this.#row(instance), warnings), maintenance };
  }

  async #handOver(asked: Asked, request: OperatorRequest, wait: Duration): Promise<HandOverAnswer> {
    const before = this.#row(asked.instance);
    const answer = await this.#ask(asked, request, wait);
    if (answer.outcome === 'refused') throw refusalOf(answer);
    if (answer.outcome !== 'no-successor') return answer;
    const after = this.#row(asked.instance);
    const interval = milliseconds(after.master?.interval_ms ?? 0);
    throw noSuccessor(answer, releaseWait(after.version, interval), before, after);
  }

  /** For what is done at once or not at all. */
  async #done(asked: Asked, request: OperatorRequest): Promise<HandOverAnswer> {
    return this.#handOver(asked, request, 0 as Duration);
  }

  async #ask(asked: Asked, request: OperatorRequest, wait: Duration): Promise<OperatorAnswer> {
    const { instance, by, what } = asked;
    this.#row(instance);
    const text = wait > 0 ? `${what}, waiting ${formatDuration(wait)}` : what;
    this.#record(asked, text, null);
    try {
      const answer = await this.#options.requests.ask(instance, request, (wait + GRACE) / 1_000);
      this.#record({ instance, by, what }, what, outcomeText(answer));
      return answer;
    } catch (error) {
      if (!(error instanceof NoEngineAnswer)) throw error;
      this.#record({ instance, by, what }, what, error.message);
      throw new CommandRefusal({ status: 500, code: error.code, message: error.message });
    }
  }

  /** What could not be written down is told; it holds until the agent ends all the same. */
  async #keep({ instance }: Asked, change: Parameters<Orders['change']>[1]): Promise<string[]> {
    return warningsOf(await this.#options.orders.change(instance, change));
  }

  #schedule(leastMs = 0): void {
    clearTimeout(this.#expiry);
    const next = this.#options.orders.nextExpiry();
    if (next === undefined) return;
    const delay = Math.max(leastMs, Math.min(next - this.#options.now(), LOOK_AGAIN_MS));
    this.#expiry = setTimeout(() => void this.#expire(), delay).unref();
  }

  async #expire(): Promise<void> {
    for (const instance of this.#options.orders.expired(this.#options.now())) {
      // What is refused now, because the instance is gone or stops, is tried again.
      const asked = { instance, by: AGENT, what: 'end of maintenance, whose time is over' };
      await this.#endMaintenance(asked).catch(() => undefined);
    }
    this.#schedule(RETRY_MS);
  }

  /** Throws `CommandRefusal` when there is no such instance. */
  #row(instance: string): InstanceDocument {
    const row = this.#options.status().instances.find(({ name }) => name === instance);
    if (row !== undefined) return row;
    const known = this.#options.status().instances.map(({ name }) => name);
    const message = `no instance is named ${instance}; there are: ${known.join(', ')}`;
    throw new CommandRefusal({ status: 404, code: 'unknown-instance', message });
  }

  #record({ instance, by }: Asked, request: string, outcome: string | null): void {
    this.#options.record({ kind: 'command', instance, by, request, outcome });
  }

  #time(later: Duration = 0 as Duration): string {
    return new Date(this.#options.now() + later / 1_000).toISOString();
  }
}

/** Who does what nobody asks for. */
const AGENT: Asker = 'vrrp-agent';

/** A wall clock may be set meanwhile. */
const LOOK_AGAIN_MS = 10_000;
const RETRY_MS = 1_000;

function warningsOf(failure: string | undefined): string[] {
  return failure === undefined
    ? []
    : [`${failure}: it holds, but a restart of the agent will not know of it`];
}

function notSaved(message: string): CommandRefusal {
  return new CommandRefusal({ status: 500, code: 'state-not-saved', message });
}
