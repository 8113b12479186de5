/**
 * IPVS of a running agent: from its configuration, beside the protocol, after its transitions. The
 * modules that talk to the kernel are loaded only where the configuration asks for them.
 */
import type { Logger } from 'pino';
import type { Lowered } from '../config/lower/lower.ts';
import type { DrainCommands } from '../control/commands.ts';
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

/** What the start of the protocol waits for at most: a kernel without an answer must not stop VRRP. */
const START_LIMIT_MS = 2_000;

export interface AgentIpvsOptions {
  readonly logger: Logger;
  readonly stateDirectory: string;
  readonly model: Pick<AgentModel, 'subscribe' | 'states'>;
  readonly protocol: Pick<ProtocolWorker, 'feed'>;
  readonly note: (facts: EventFacts) => void;
  /** Default: the kernel of this host. */
  readonly kernel?: IpvsKernel;
}

export class AgentIpvs {
  readonly #options: AgentIpvsOptions;
  /** What was judged before anybody could be told. */
  #known: Input[] | undefined = [];
  #keeper: IpvsKeeper | undefined;
  #documents: typeof import('../ipvs/keep/ipvs-document.ts') | undefined;
  #work: Promise<void> = Promise.resolve();
  /** Instances whose preemption waits for the table of connections. */
  #waiting: ReadonlySet<string> = new Set();
  #hasCaughtUp = false;
  #isStopping = false;

  constructor(options: AgentIpvsOptions) {
    this.#options = options;
    options.model.subscribe((event) => {
      if (event.kind !== 'transition') return;
      this.#keeper?.apply(event);
      // A router that begins anew does not know of it.
      if (this.#waiting.has(event.instance)) this.#tellOfTable([event.instance]);
    });
  }

  /** Undefined: the configuration leaves IPVS alone. */
  get desk(): DrainCommands | undefined {
    return this.#keeper?.desk;
  }

  /** Of what instances track here, by the name of the probe. */
  reading(probe: string): ProbeReading | undefined {
    return this.#keeper?.health.minimumReading(probe);
  }

  /**
   * The one way in, at the start of the agent and with each configuration after that: whatever comes,
   * and whenever, one keeper at a time owns what this host has of IPVS.
   */
  follow(config: Lowered): void {
    this.#work = this.#work
      .then(() => this.#follow(config))
      .catch((error: unknown) => {
        this.#options.logger.error({ code: 'ipvs-failed', err: error }, 'IPVS did not follow');
      });
  }

  /** What the instances must know of the first configuration; later news is fed to the protocol. */
  async judged({ agent, settings }: Lowered): Promise<readonly Input[]> {
    await withLimit(this.#work);
    const known = this.#known ?? [];
    this.#known = undefined;
    const isJudged = known.some(({ kind }) => kind === 'ipvs.changed');
    if (agent.ipvs?.required !== true || isJudged) return known;
    return [...known, ...settings.instances.map(({ name }) => changed(name, 'ipvs'))];
  }

  /** Undefined: the configuration leaves IPVS alone. */
  document(): IpvsDocument | undefined {
    return this.#keeper === undefined ? undefined : this.#documents?.ipvsDocument(this.#keeper);
  }

  /** Of the instance whose connections are synchronised; undefined: it is another one. */
  connections(instance: string): ConnectionsDocument | undefined {
    const { settings, parts } = this.#keeper ?? {};
    if (settings?.sync?.instance !== instance || parts?.watch === undefined) return undefined;
    return this.#documents?.connectionsDocument(parts.watch, settings.sync);
  }

  hurry(): void {
    this.#keeper?.hurry();
  }

  /** After the VIPs have gone, or after the next process has taken over. */
  async stop(handedOver: boolean): Promise<void> {
    this.#isStopping = true;
    await this.#work;
    await (handedOver ? this.#keeper?.release() : this.#keeper?.stop());
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
      this.#tellOfTable();
    } else {
      this.#keeper = undefined;
      keeper.hurry();
      await keeper.stop();
      for (const { name } of config.settings.instances) this.#tell(changed(name, null));
    }
  }

  async #begin({ agent, settings }: Lowered): Promise<void> {
    if (agent.ipvs === undefined) return;
    const [{ IpvsKeeper: Keeper }, documents] = await Promise.all([
      import('../ipvs/keep/ipvs-keeper.ts'),
      import('../ipvs/keep/ipvs-document.ts'),
    ]);
    const { logger, stateDirectory, note, kernel } = this.#options;
    const keeper = new Keeper({
      ...(kernel === undefined ? {} : { kernel }),
      settings: agent.ipvs,
      instances: settings.instances,
      stateDirectory,
      logger,
      isMaster: (name) => this.#isMaster(name),
      fault: (instance, fault) => this.#tell(changed(instance, fault ?? null)),
      tell: (input) => this.#tell(input),
      note,
      router: settings.router,
      table: (synced) => {
        this.#hasCaughtUp = synced;
        this.#tellOfTable();
      },
      moved: (instance, reports) => {
        for (const report of reports) note(factsOf(instance, report));
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

  #tellOfTable(instances: Iterable<string> = this.#waiting): void {
    for (const instance of instances) {
      this.#tell({ kind: 'table.changed', instance, synced: this.#hasCaughtUp });
    }
  }

  #tell(input: Input): void {
    if (this.#known === undefined) this.#options.protocol.feed([input]);
    else this.#known.push(input);
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

async function withLimit(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, START_LIMIT_MS);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
