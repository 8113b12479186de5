/**
 * Starts, reconfigures and stops the IPVS keeper of a running agent. The modules that talk to the
 * kernel are loaded only when the configuration names IPVS.
 */
import type { Logger } from 'pino';
import { withDeadline } from '../async/deadline.ts';
import { SerialQueue } from '../async/serial-queue.ts';
import type { Checker } from '../checker/supervisor/checker.ts';
import type { IpvsSettings } from '../config/ipvs-settings.ts';
import type { Lowered } from '../config/lower/lower.ts';
import type { DrainCommands } from '../control/commands.ts';
import type { ConnectionsDocument, IpvsDocument } from '../control/ipvs-document.ts';
import type { EventFacts } from '../control/protocol.ts';
import type { HealthChange } from '../ipvs/health/health-change.ts';
import type { IpvsKeeper } from '../ipvs/keep/ipvs-keeper.ts';
import type { IpvsKernel } from '../ipvs/keep/ipvs-kernel.ts';
import type { IpvsSnapshot } from '../ipvs/keep/ipvs-snapshot.ts';
import type { ConnectionsCut } from '../ipvs/plan/cut-connections.ts';
import type { SummaryLink } from '../ipvs/table/summary-link.ts';
import type { AgentModel } from '../observe/model.ts';
import type { ProbeReading } from '../observe/track-documents.ts';
import type { Input } from '../protocol/engine/inputs.ts';
import type { IpvsFault } from '../protocol/engine/view.ts';
import type { ProtocolWorker } from '../protocol/thread/protocol-worker.ts';

/** Of a configuration that no longer names IPVS, for what the former process has left. */
const NOTHING: IpvsSettings = {
  required: false,
  exclusive: false,
  onStop: 'remove',
  timeouts: undefined,
  sysctls: {},
  sync: undefined,
  services: [],
};

/** The protocol starts after this time even if the kernel has not answered about IPVS. */
const START_LIMIT_MS = 2_000;

interface AgentIpvsOptions {
  readonly logger: Logger;
  readonly stateDirectory: string;
  readonly checker: Checker;
  readonly model: Pick<AgentModel, 'subscribe' | 'states'>;
  readonly protocol: Pick<ProtocolWorker, 'feed'>;
  readonly record: (facts: EventFacts) => void;
  /** Takes what is true but no event: to the log and the history on the disk. */
  readonly keep: (facts: EventFacts) => void;
  /** Absent: summaries of the connection table travel on the sync network. */
  readonly link?: SummaryLink;
  /** Gets every change of services and servers; absent: notifications are not sent. */
  readonly notify?: (change: HealthChange) => void;
  /** Default: the kernel of this host. */
  readonly kernel?: IpvsKernel;
}

export class AgentIpvs {
  readonly #options: AgentIpvsOptions;
  /** Inputs from before the protocol's start; undefined once it has started. */
  #pending: Input[] | undefined = [];
  #keeper: IpvsKeeper | undefined;
  #documents: typeof import('../ipvs/keep/ipvs-document.ts') | undefined;
  /** One configuration after the other, so that a single keeper owns the host's IPVS. */
  readonly #changes = new SerialQueue();
  /** From the former process, for the first configuration. */
  #inherited: IpvsSnapshot | undefined;
  #isStopping = false;

  constructor(options: AgentIpvsOptions) {
    this.#options = options;
    options.model.subscribe((event) => {
      if (event.kind === 'transition') this.#keeper?.apply(event);
    });
  }

  /** Undefined: the configuration leaves IPVS alone. */
  get drains(): DrainCommands | undefined {
    return this.#keeper?.drains;
  }

  /** Reading of the `min_servers` probe of a service, by the name of the probe. */
  reading(probe: string): ProbeReading | undefined {
    return this.#keeper?.health.minimumReading(probe);
  }

  /** For the next process; undefined: the configuration leaves IPVS alone. */
  capture(): IpvsSnapshot | undefined {
    return this.#keeper?.capture();
  }

  /** Continues where the former process has stopped; the first configuration must follow. */
  inherit(snapshot: IpvsSnapshot | undefined): void {
    this.#inherited = snapshot;
  }

  /** Adopts a configuration: the first, and each one after a reload. */
  follow(config: Lowered): void {
    this.#changes
      .run(() => this.#follow(config))
      .catch((error: unknown) => {
        this.#options.logger.error(
          { code: 'ipvs-failed', err: error },
          'IPVS could not adopt the configuration',
        );
      });
  }

  /** What the engine must know of the first configuration; later inputs are fed to the protocol. */
  async initialInputs({ agent, settings }: Lowered): Promise<readonly Input[]> {
    await withDeadline(this.#changes.idle(), START_LIMIT_MS);
    const pending = this.#pending ?? [];
    this.#pending = undefined;
    const isJudged = pending.some(({ kind }) => kind === 'ipvs.changed');
    if (agent.ipvs?.required !== true || isJudged) return pending;
    return [...pending, ...settings.instances.map(({ name }) => faultOf(name, 'ipvs'))];
  }

  /** Undefined: the configuration leaves IPVS alone. */
  document(): IpvsDocument | undefined {
    return this.#keeper === undefined ? undefined : this.#documents?.ipvsDocument(this.#keeper);
  }

  /** Undefined: the connections of this instance are not synchronised. */
  connections(instance: string): ConnectionsDocument | undefined {
    const { settings, parts } = this.#keeper ?? {};
    if (settings?.sync?.instance !== instance || parts?.watch === undefined) return undefined;
    return this.#documents?.connectionsDocument(parts.watch, settings.sync);
  }

  /** The connections that a reload would end, as servers leave the table. */
  cutBy(next: IpvsSettings | undefined): readonly ConnectionsCut[] {
    try {
      return this.#keeper?.cutBy(next) ?? [];
    } catch (error) {
      // The kernel may refuse to list its table, which must not keep a reload from being applied.
      this.#options.logger.warn({ code: 'ipvs-failed', err: error }, 'connections are not counted');
      return [];
    }
  }

  hurry(): void {
    this.#keeper?.hurry();
  }

  /** Called after the VIPs are released, or after the next process has taken over. */
  async stop(handedOver: boolean): Promise<void> {
    this.#isStopping = true;
    await this.#changes.idle();
    await (handedOver ? this.#keeper?.release() : this.#keeper?.stop());
  }

  async #follow(config: Lowered): Promise<void> {
    if (this.#isStopping) return;
    const { ipvs } = config.agent;
    const inherited = this.#inherited;
    this.#inherited = undefined;
    if (this.#keeper !== undefined) {
      if (ipvs === undefined) await this.#end(this.#keeper, config);
      else await this.#keeper.reconfigure(ipvs, config.settings.instances);
    } else if (ipvs !== undefined) {
      await this.#start(ipvs, config.settings, inherited);
    } else if (inherited !== undefined) {
      const settings = { ...NOTHING, onStop: inherited.onStop };
      const keeper = await this.#start(settings, config.settings, inherited, true);
      await this.#end(keeper, config);
    }
  }

  /** The configuration no longer names IPVS. */
  async #end(keeper: IpvsKeeper, { settings }: Lowered): Promise<void> {
    this.#keeper = undefined;
    keeper.forget();
    keeper.hurry();
    await keeper.stop();
    for (const { name } of settings.instances) this.#feed(faultOf(name, null));
  }

  async #start(
    ipvs: IpvsSettings,
    { instances, router }: Lowered['settings'],
    inherited: IpvsSnapshot | undefined,
    isEnd = false,
  ): Promise<IpvsKeeper> {
    const [{ IpvsKeeper: Keeper }, documents] = await Promise.all([
      import('../ipvs/keep/ipvs-keeper.ts'),
      import('../ipvs/keep/ipvs-document.ts'),
    ]);
    const { logger, stateDirectory, checker, model, record, keep, kernel, link, notify } =
      this.#options;
    const keeper = new Keeper({
      ...(kernel === undefined ? {} : { kernel }),
      ...(link === undefined ? {} : { link }),
      ...(notify === undefined ? {} : { notify }),
      ...(inherited === undefined ? {} : { inherited }),
      leavesServices: isEnd && ipvs.onStop === 'keep',
      settings: ipvs,
      instances,
      stateDirectory,
      logger,
      checker,
      router,
      isMaster: (name) => model.states().get(name) === 'MASTER',
      feed: (input) => this.#feed(input),
      record,
      keep,
    });
    this.#keeper = keeper;
    this.#documents = documents;
    try {
      await keeper.start();
      return keeper;
    } catch (error) {
      this.#keeper = undefined;
      await keeper.release();
      throw error;
    }
  }

  #feed(input: Input): void {
    if (this.#pending === undefined) this.#options.protocol.feed([input]);
    else this.#pending.push(input);
  }
}

function faultOf(instance: string, fault: IpvsFault | null): Input {
  return { kind: 'ipvs.changed', instance, fault };
}
