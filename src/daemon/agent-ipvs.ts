/**
 * IPVS in a running agent: connects the keeper to the configuration, the protocol and its transitions.
 * The modules that talk to the kernel are loaded only if the configuration has an `ipvs` section.
 */
import type { Logger } from 'pino';
import { withDeadline } from '../async/deadline.ts';
import { SerialQueue } from '../async/serial-queue.ts';
import type { Lowered } from '../config/lower/lower.ts';
import type { DrainCommands } from '../control/ipvs-commands.ts';
import type { ConnectionsDocument, IpvsDocument } from '../control/ipvs-document.ts';
import type { EventFacts } from '../control/protocol.ts';
import type { IpvsKeeper } from '../ipvs/keep/ipvs-keeper.ts';
import type { IpvsKernel } from '../ipvs/keep/ipvs-kernel.ts';
import type { MoveReport } from '../ipvs/plan/table-standing.ts';
import type { AgentModel } from '../observe/model.ts';
import type { ProbeReading } from '../observe/track-documents.ts';
import type { Input } from '../protocol/engine/inputs.ts';
import type { IpvsFault } from '../protocol/engine/view.ts';
import type { ProtocolWorker } from '../protocol/thread/protocol-worker.ts';

/** The protocol starts without IPVS after this time: a kernel that does not answer must not stop VRRP. */
const START_LIMIT_MS = 2_000;

interface AgentIpvsOptions {
  readonly logger: Logger;
  readonly stateDirectory: string;
  readonly model: Pick<AgentModel, 'subscribe' | 'states'>;
  readonly protocol: Pick<ProtocolWorker, 'feed'>;
  /** To the events and the log. */
  readonly record: (facts: EventFacts) => void;
  /** Default: the kernel of this host. */
  readonly kernel?: IpvsKernel;
}

export class AgentIpvs {
  readonly #options: AgentIpvsOptions;
  /** Collected until the protocol starts; undefined after that, when inputs are fed directly. */
  #initial: Input[] | undefined = [];
  #keeper: IpvsKeeper | undefined;
  #documents: typeof import('../ipvs/keep/ipvs-document.ts') | undefined;
  /** One change of configuration at a time, so that one keeper at a time owns IPVS on this host. */
  readonly #changes = new SerialQueue();
  /** Instances whose preemption waits for the table of connections. */
  #waiting: ReadonlySet<string> = new Set();
  #hasCaughtUp = false;
  #isStopping = false;

  constructor(options: AgentIpvsOptions) {
    this.#options = options;
    options.model.subscribe((event) => {
      if (event.kind !== 'transition') return;
      this.#keeper?.apply(event);
      // A restarted instance has lost this input.
      if (this.#waiting.has(event.instance)) this.#feedTable([event.instance]);
    });
  }

  /** Undefined: IPVS is not configured. */
  get drains(): DrainCommands | undefined {
    return this.#keeper?.desk;
  }

  /** The reading of a tracked minimum of servers. */
  reading(probe: string): ProbeReading | undefined {
    return this.#keeper?.health.minimumReading(probe);
  }

  /** Applies the first configuration and each later one; failures are logged. */
  follow(config: Lowered): void {
    this.#changes
      .run(() => this.#follow(config))
      .catch((error: unknown) => {
        const { logger } = this.#options;
        logger.error({ code: 'ipvs-failed', err: error }, 'IPVS could not be configured');
      });
  }

  /** The inputs with which the protocol starts; later ones are fed to it. */
  async initialInputs({ agent, settings }: Lowered): Promise<readonly Input[]> {
    await withDeadline(this.#changes.idle(), START_LIMIT_MS);
    const initial = this.#initial ?? [];
    this.#initial = undefined;
    const isKnown = initial.some(({ kind }) => kind === 'ipvs.changed');
    if (agent.ipvs?.required !== true || isKnown) return initial;
    return [...initial, ...settings.instances.map(({ name }) => changed(name, 'ipvs'))];
  }

  /** Undefined: IPVS is not configured. */
  document(): IpvsDocument | undefined {
    return this.#keeper === undefined ? undefined : this.#documents?.ipvsDocument(this.#keeper);
  }

  /** Undefined: the connections of this instance are not synchronised. */
  connections(instance: string): ConnectionsDocument | undefined {
    const { settings, parts } = this.#keeper ?? {};
    if (settings?.sync?.instance !== instance || parts?.watch === undefined) return undefined;
    return this.#documents?.connectionsDocument(parts.watch, settings.sync);
  }

  /** Stops without waiting for the send buffer of the sync daemon. */
  hurry(): void {
    this.#keeper?.hurry();
  }

  /** Call after the VIPs are removed, or after the next process has taken over. */
  async stop(isHandedOver: boolean): Promise<void> {
    this.#isStopping = true;
    await this.#changes.idle();
    await (isHandedOver ? this.#keeper?.release() : this.#keeper?.stop());
  }

  async #follow(config: Lowered): Promise<void> {
    if (this.#isStopping) return;
    const { ipvs } = config.agent;
    const keeper = this.#keeper;
    if (keeper === undefined) {
      await this.#begin(config);
    } else if (ipvs !== undefined) {
      this.#waiting = waitingIn(config.settings);
      await keeper.reconfigure(ipvs, config.settings.instances);
      this.#feedTable();
    } else {
      this.#keeper = undefined;
      keeper.hurry();
      await keeper.stop();
      for (const { name } of config.settings.instances) this.#feed(changed(name, null));
    }
  }

  async #begin({ agent, settings }: Lowered): Promise<void> {
    if (agent.ipvs === undefined) return;
    const [{ IpvsKeeper: Keeper }, documents] = await Promise.all([
      import('../ipvs/keep/ipvs-keeper.ts'),
      import('../ipvs/keep/ipvs-document.ts'),
    ]);
    const { logger, stateDirectory, record, kernel } = this.#options;
    const keeper = new Keeper({
      ...(kernel === undefined ? {} : { kernel }),
      settings: agent.ipvs,
      instances: settings.instances,
      stateDirectory,
      logger,
      isMaster: (name) => this.#isMaster(name),
      fault: (instance, fault) => this.#feed(changed(instance, fault ?? null)),
      tell: (input) => this.#feed(input),
      note: record,
      router: settings.router,
      table: (synced) => {
        this.#hasCaughtUp = synced;
        this.#feedTable();
      },
      moved: (instance, reports) => {
        for (const report of reports) record(factsOf(instance, report));
      },
    });
    this.#waiting = waitingIn(settings);
    this.#keeper = keeper;
    this.#documents = documents;
    try {
      await keeper.start();
    } catch (error) {
      this.#keeper = undefined;
      await keeper.release();
      throw error;
    }
  }

  #isMaster(name: string): boolean {
    return this.#options.model.states().get(name) === 'MASTER';
  }

  #feedTable(instances: Iterable<string> = this.#waiting): void {
    for (const instance of instances) {
      this.#feed({ kind: 'table.changed', instance, synced: this.#hasCaughtUp });
    }
  }

  #feed(input: Input): void {
    if (this.#initial === undefined) this.#options.protocol.feed([input]);
    else this.#initial.push(input);
  }
}

function waitingIn({ instances }: Lowered['settings']): ReadonlySet<string> {
  const waiting = instances.filter(({ preemptWhenSynced }) => preemptWhenSynced !== undefined);
  return new Set(waiting.map(({ name }) => name));
}

function factsOf(instance: string, report: MoveReport): EventFacts {
  const { kind: move, peer = null, live, before = null, missing = null } = report;
  return { kind: 'connections', instance, move, peer, live, missing_before: before, missing };
}

function changed(instance: string, fault: IpvsFault | null): Input {
  return { kind: 'ipvs.changed', instance, fault };
}
