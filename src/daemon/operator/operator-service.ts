/**
 * Carries out the requests of operators: failover, maintenance, priority. The engine decides; this class
 * stores what must outlive the agent, and records each request with its user in the events and the log.
 */
import { releaseWait } from '../../../fsm/vrrp/timing.ts';
import { CommandRefusal } from '../../control/commands.ts';
import type { EventFacts } from '../../control/events/event-table.ts';
import type {
  FailoverTerms,
  MaintenanceTerms,
  OperatorCommands,
  Requester,
} from '../../control/operator-commands.ts';
import type {
  HandOverDocument,
  MaintenanceAnswer,
  PriorityAnswer,
} from '../../control/operator-protocol.ts';
import type { InstanceDocument, MaintenanceDocument } from '../../control/protocol.ts';
import { type Duration, formatDuration, milliseconds, seconds } from '../../net/time.ts';
import type { AgentModel } from '../../observe/model.ts';
import type { OperatorAnswer, OperatorRequest } from '../../protocol/engine/requests.ts';
import { type EngineRequests, NoEngineAnswer } from './engine-requests.ts';
import type { OperatorLocks } from './operator-locks.ts';
import {
  connectionsAtRisk,
  type HandOverAnswer,
  handOverDocument,
  noSuccessor,
  operatorRefusal,
  outcomeText,
} from './outcome.ts';

export interface OperatorServiceOptions {
  readonly requests: EngineRequests;
  readonly locks: OperatorLocks;
  readonly model: Pick<AgentModel, 'instance' | 'states'>;
  /** To the events and the log. */
  readonly record: (facts: EventFacts) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Added to the requested wait, for the engine and the kernel. */
const GRACE: Duration = seconds(10);

interface Request {
  readonly instance: string;
  readonly by: Requester;
  /** As the events and the log show it. */
  readonly what: string;
}

export class OperatorService implements OperatorCommands {
  readonly #options: OperatorServiceOptions;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: OperatorServiceOptions) {
    this.#options = options;
  }

  async failover(instance: string, terms: FailoverTerms, by: Requester): Promise<HandOverDocument> {
    const { wait, force, to } = terms;
    const what = `failover${to === null ? '' : ` to ${to}`}${force ? ' by force' : ''}`;
    const asked = { instance, by, what };
    const before = this.#row(instance);
    // The disk need not wait for the move, nor the move for the disk.
    const heldBack = { since: this.#time(), by };
    const drafting = this.#options.locks.prepareChange(instance, { heldBack });
    const request: OperatorRequest = { type: 'failover', wait, force, to };
    const answer = await this.#handOver(asked, request, wait).catch(async (error: unknown) => {
      await (await drafting).abandon();
      throw error;
    });
    const draft = await drafting;
    const warnings = warningsOf(await draft.commit());
    if (to !== null && answer.outcome === 'handed-over' && answer.successor.address !== to) {
      warnings.push(`${answer.successor.address} took over, not ${to}`);
    }
    const after = this.#row(instance);
    return { ...handOverDocument(answer, after, warnings), ...connectionsAtRisk(before, after) };
  }

  async release(instance: string, by: Requester): Promise<HandOverDocument> {
    const asked = { instance, by, what: 'release' };
    const answer = await this.#done(asked, { type: 'release' });
    const warnings = await this.#keep(asked, { heldBack: null });
    return handOverDocument(answer, this.#row(instance), warnings);
  }

  async beginMaintenance(
    instance: string,
    terms: MaintenanceTerms,
    by: Requester,
  ): Promise<MaintenanceAnswer> {
    const { wait, force, reason } = terms;
    const asked = { instance, by, what: `maintenance${force ? ' by force' : ''}` };
    const since = this.#time();
    const until = terms.for === null ? null : this.#time(terms.for);
    const maintenance: MaintenanceDocument = { since, until, by, reason };
    const before = this.#row(instance);
    const draft = await this.#options.locks.prepare(instance, { maintenance, heldBack: null });
    if (draft.failure !== undefined && !force) {
      throw notSaved(
        `${draft.failure} (--force continues; a restart would then end the maintenance)`,
      );
    }
    try {
      const answer = await this.#handOver(asked, { type: 'maintenance-on', wait, force }, wait);
      const warnings = warningsOf(await draft.commit());
      this.#schedule();
      const after = this.#row(instance);
      const document = handOverDocument(answer, after, warnings);
      return { ...document, ...connectionsAtRisk(before, after), maintenance };
    } catch (error) {
      await draft.abandon();
      throw error;
    }
  }

  endMaintenance(instance: string, by: Requester): Promise<MaintenanceAnswer> {
    return this.#endMaintenance({ instance, by, what: 'end of maintenance' });
  }

  async setPriority(
    instance: string,
    priority: number | null,
    by: Requester,
  ): Promise<PriorityAnswer> {
    const what = priority === null ? 'the configured priority' : `priority ${priority}`;
    await this.#done({ instance, by, what }, { type: 'priority', priority });
    const { state, priority: now, group } = this.#row(instance);
    const also = group === null ? [] : this.#membersOf(group);
    return {
      ...{ instance, outcome: 'done', state, warnings: [], priority: now },
      also: also.filter((name) => name !== instance),
    };
  }

  /** The instance has become MASTER again, or the engine has ended the hold for another reason. */
  heldBackEnded(instance: string): void {
    if (this.#options.locks.of(instance).heldBack === null) return;
    void this.#keep({ instance, by: AGENT, what: 'release' }, { heldBack: null });
  }

  /** Ends each maintenance when it expires. */
  start(): void {
    this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#expiry);
  }

  async #endMaintenance(asked: Request): Promise<MaintenanceAnswer> {
    const { instance } = asked;
    const answer = await this.#done(asked, { type: 'maintenance-off' });
    const warnings = await this.#keep(asked, { maintenance: null, heldBack: null });
    this.#schedule();
    const maintenance = this.#options.locks.of(instance).maintenance;
    return { ...handOverDocument(answer, this.#row(instance), warnings), maintenance };
  }

  async #handOver(
    asked: Request,
    request: OperatorRequest,
    wait: Duration,
  ): Promise<HandOverAnswer> {
    const before = this.#row(asked.instance);
    const answer = await this.#ask(asked, request, wait);
    if (answer.outcome === 'refused') throw operatorRefusal(answer);
    if (answer.outcome !== 'no-successor') return answer;
    const after = this.#row(asked.instance);
    const interval = milliseconds(after.master?.interval_ms ?? 0);
    throw noSuccessor(answer, releaseWait(after.version, interval), before, after);
  }

  /** For requests that the engine carries out immediately or refuses. */
  async #done(asked: Request, request: OperatorRequest): Promise<HandOverAnswer> {
    return this.#handOver(asked, request, 0 as Duration);
  }

  async #ask(asked: Request, request: OperatorRequest, wait: Duration): Promise<OperatorAnswer> {
    const { instance, by, what } = asked;
    const text = wait > 0 ? `${what}, waiting ${formatDuration(wait)}` : what;
    this.#record(asked, text, null);
    try {
      const answer = await this.#options.requests.send(instance, request, (wait + GRACE) / 1_000);
      this.#record({ instance, by, what }, what, outcomeText(answer));
      return answer;
    } catch (error) {
      if (!(error instanceof NoEngineAnswer)) throw error;
      this.#record({ instance, by, what }, what, error.message);
      throw new CommandRefusal({ status: 500, code: error.code, message: error.message });
    }
  }

  /** A change that cannot be written is a warning; it holds until the agent ends. */
  async #keep(
    { instance }: Request,
    change: Parameters<OperatorLocks['change']>[1],
  ): Promise<string[]> {
    return warningsOf(await this.#options.locks.change(instance, change));
  }

  #schedule(leastMs = 0): void {
    clearTimeout(this.#expiry);
    const next = this.#options.locks.nextExpiry();
    if (next === undefined) return;
    const delay = Math.max(leastMs, Math.min(next - this.#options.now(), RECHECK_MS));
    this.#expiry = setTimeout(() => void this.#expire(), delay).unref();
  }

  async #expire(): Promise<void> {
    for (const instance of this.#options.locks.expired(this.#options.now())) {
      // Refused while the instance stops or is unknown; tried again later.
      const asked = { instance, by: AGENT, what: 'end of maintenance, which has expired' };
      await this.#endMaintenance(asked).catch(() => undefined);
    }
    this.#schedule(RETRY_MS);
  }

  /** Throws `CommandRefusal` if there is no such instance. */
  #row(instance: string): InstanceDocument {
    const { model } = this.#options;
    const row = model.instance(instance);
    if (row !== undefined) return row;
    const known = [...model.states().keys()];
    const message = `no instance is named ${instance}; there are: ${known.join(', ')}`;
    throw new CommandRefusal({ status: 404, code: 'unknown-instance', message });
  }

  #membersOf(group: string): string[] {
    const { model } = this.#options;
    return [...model.states().keys()].filter((name) => model.instance(name)?.group === group);
  }

  #record({ instance, by }: Request, request: string, outcome: string | null): void {
    this.#options.record({ kind: 'command', instance, by, request, outcome });
  }

  #time(later: Duration = 0 as Duration): string {
    return new Date(this.#options.now() + later / 1_000).toISOString();
  }
}

/** Requests of the agent itself. */
const AGENT: Requester = 'vrrp-agent';

/** Upper bound of a timer, as the wall clock may be set at any time. */
const RECHECK_MS = 10_000;
const RETRY_MS = 1_000;

function warningsOf(failure: string | undefined): string[] {
  return failure === undefined
    ? []
    : [`${failure}: in force, but not after a restart of the agent`];
}

function notSaved(message: string): CommandRefusal {
  return new CommandRefusal({ status: 500, code: 'state-not-saved', message });
}
