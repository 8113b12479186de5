/**
 * The composition root: the only place that makes the parts of a running agent and joins them.
 * Main thread: configuration, control API, log, signals. Protocol thread: the protocol.
 */
import type { Logger } from 'pino';
import { Prober } from '../checker/prober.ts';
import type { ReloadPlan } from '../config/diff.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Lowered } from '../config/lower/lower.ts';
import type { EventFacts } from '../control/protocol.ts';
import { logFacts, logReport } from '../observe/log.ts';
import { AgentModel } from '../observe/model.ts';
import { anchoredWallClock } from '../observe/wall-clock.ts';
import { CounterTable } from '../protocol/engine/counters.ts';
import type { Input } from '../protocol/engine/inputs.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import type { FromProtocolThread, Scheduling } from '../protocol/thread/messages.ts';
import type { ProtocolWorker } from '../protocol/thread/protocol-worker.ts';
import { type AcceptMode, openAcceptFilter } from './accept/accept-mode.ts';
import { AgentIpvs } from './agent-ipvs.ts';
import { bootTime } from './boot-time.ts';
import { Closers } from './closers.ts';
import { Configuration } from './configuration.ts';
import { failureOfMainThread, logFailure, releaseEverything } from './failure.ts';
import type { AgentSource } from './http.ts';
import { noteEnd } from './last-words.ts';
import { Listeners } from './listeners.ts';
import { openNotifier } from './notify/notifications.ts';
import type { Notifier } from './notify/notifier.ts';
import { Operators } from './operator/operators.ts';
import { OrderStore } from './operator/order-store.ts';
import { OperatorLocks } from './operator/orders.ts';
import { programVersion } from './program-version.ts';
import { formerNames, Reloads } from './reloads.ts';
import { openServiceManager, type ServiceManager } from './service-manager.ts';
import { onSignals } from './signals.ts';
import { captureFrom } from './takeover/arrival.ts';
import { Predecessor } from './takeover/predecessor.ts';
import { Restart } from './takeover/restart.ts';
import type { Successor } from './takeover/successor.ts';
import { openVirtualLinks } from './virtual-links/open-virtual-links.ts';
import type { VirtualLinkKeeper } from './virtual-links/virtual-link-keeper.ts';

export interface AgentOptions {
  /** Absolute: what a reload reads again. */
  readonly file: string;
  readonly config: LoadedConfig;
  readonly protocol: ProtocolWorker;
  readonly logger: Logger;
  /** This process takes over from another one; undefined: an ordinary start. */
  readonly successor: Successor | undefined;
}

/** Exit status of `run`: 0 after a clean stop or when another process has taken over. */
export type AgentOutcome = 0 | 1;

/** Which process answers for what the agent has put into the kernel: it alone may remove it. */
type Custody = 'predecessor' | 'own' | 'successor';

export class Agent {
  readonly #options: AgentOptions;
  readonly #closers = new Closers();
  readonly #wallClock = anchoredWallClock({ instant: bootTime(), at: new Date() });
  readonly #model: AgentModel;
  readonly #configuration: Configuration;
  readonly #reloads: Reloads;
  readonly #locks: OperatorLocks;
  readonly #operators: Operators;
  readonly #prober: Prober;
  readonly #ipvs: AgentIpvs;
  readonly #manager: ServiceManager;
  readonly #restart: Restart;
  readonly #predecessor: Predecessor;
  readonly #listeners: Listeners;
  #accept: AcceptMode | undefined;
  #virtualLinks: VirtualLinkKeeper | undefined;
  #notifier: Notifier | undefined;
  #stopListening = () => {};
  #custody: Custody = 'predecessor';
  #outcome: AgentOutcome = 1;

  /** Opens nothing yet. */
  constructor(options: AgentOptions) {
    const { file, config, protocol, logger, successor } = options;
    const { stateDirectory } = config.agent;
    const settings = successor?.settings ?? config.settings;
    const note = (facts: EventFacts) => this.#note(facts);
    const status = () => this.#model.status();
    const feed = (inputs: readonly Input[]) => protocol.feed(inputs);
    this.#options = options;
    this.#locks = new OperatorLocks(new OrderStore(stateDirectory));
    this.#prober = new Prober({
      tell: (probe, change) => feed([{ kind: 'probe.changed', probe, ...change }]),
      onError: (error) => logger.error({ code: 'probe-error', err: error }, 'a probe has failed'),
    });
    this.#model = this.#createModel(settings);
    this.#ipvs = new AgentIpvs({ logger, model: this.#model, protocol, note, stateDirectory });
    this.#configuration = new Configuration({
      file,
      status,
      config: { ...config, settings },
      lacking: async (next) => (await import('./host-needs.ts')).lackingHere(next),
      apply: (plan) => {
        feed([{ kind: 'settings.changed', change: plan.change }]);
        return protocol.ping();
      },
    });
    this.#reloads = new Reloads(this.#configuration, note, logger);
    this.#operators = new Operators({
      ...{ logger, feed, locks: this.#locks, model: this.#model },
      record: note,
    });
    this.#manager = openServiceManager(logger);
    this.#restart = new Restart({ file, logger });
    this.#predecessor = new Predecessor({
      version: programVersion(),
      configuration: this.#configuration,
      protocol,
      onCommit: () => this.#handOver(),
    });
    this.#listeners = this.#createListeners();
    this.#stackClosers();
  }

  /** Runs until a signal stops it, another process takes over or it fails; then everything is closed. */
  async run(): Promise<AgentOutcome> {
    const { logger } = this.#options;
    this.#outcome = await this.#serve();
    await this.#closers.close((error) =>
      logger.error({ code: 'internal-error', err: error }, 'not everything could be closed'),
    );
    return this.#outcome;
  }

  async #serve(): Promise<AgentOutcome> {
    const { protocol, logger } = this.#options;
    const failure = Promise.race([failureOfMainThread(logger), protocol.failed]);
    try {
      if (!(await Promise.race([this.#start(), failure]))) return 1;
      await Promise.race([protocol.ended, failure]);
    } catch (error) {
      await this.#fail(error);
      return 1;
    }
    logger.info({ code: 'stopped' }, 'stopped: nothing is held any more');
    failure.catch((error: unknown) => {
      logger.error({ code: 'internal-error', err: error }, 'internal error');
    });
    return 0;
  }

  /**
   * The order of the end, from the last line to the first. What makes others wait comes late, and an
   * operator can ask, and hurry a stop by a second signal, until nearly everything is closed.
   */
  #stackClosers(): void {
    const { protocol } = this.#options;
    const isOwn = () => this.#custody === 'own';
    this.#closers.push(() => protocol.terminate());
    this.#closers.push(() => this.#listeners.close(this.#custody === 'successor'));
    this.#closers.push(() => this.#stopListening());
    this.#closers.push(() => this.#accept?.end(this.#outcome === 0 && isOwn()));
    this.#closers.push(() => this.#notifier?.close());
    this.#closers.push(() => this.#prober.close());
    this.#closers.push(() => this.#operators.close());
    this.#closers.push(() => this.#ipvs.stop(!isOwn()));
    this.#closers.push(() => {
      if (isOwn()) this.#virtualLinks?.removeAll();
    });
  }

  /** False: refused, which has been logged. */
  async #start(): Promise<boolean> {
    const { config, successor } = this.#options;
    if (successor !== undefined) {
      return (await this.#open(successor.settings)) && this.#takeOver(successor);
    }
    const restored = await this.#operators.restore(namesIn(config.settings));
    if (!(await this.#listeners.open(config.agent, false))) return false;
    this.#custody = 'own';
    if (!(await this.#open(undefined))) return false;
    this.#ipvs.follow(config);
    this.#startProtocol([...restored, ...(await this.#ipvs.judged(config))]);
    this.#prober.reconfigure(config.agent.probes.values());
    return true;
  }

  /** What must be there before the protocol is; `inherited` are the settings of the process before. */
  async #open(inherited: Settings | undefined): Promise<boolean> {
    const { config, protocol, logger } = this.#options;
    const configuration = this.#configuration;
    const note = (facts: EventFacts) => this.#note(facts);
    this.#accept = await openAcceptFilter(configuration, note, logger);
    if (this.#accept === undefined) return false;
    this.#virtualLinks = openVirtualLinks(config, inherited);
    this.#notifier = openNotifier({
      ...{ protocol, note, model: this.#model },
      notifications: config.agent.notifications,
      settings: () => configuration.settings,
    });
    configuration.follow({
      prepare: ({ agent }) => this.#listeners.moveHttp(agent.httpListen),
      follow: (next, plan) => this.#follow(next, plan),
    });
    return true;
  }

  #startProtocol(first: readonly Input[]): void {
    const { config, protocol, logger, successor } = this.#options;
    protocol.start(
      this.#configuration.settings,
      config.agent.realtime,
      {
        virtualLink: (request) =>
          this.#virtualLinks?.answer(request, (input) => protocol.feed([input])),
        started: (scheduling) => {
          logStart(logger, config, scheduling);
          if (successor === undefined) this.#sayReady();
        },
        reports: (message) => this.#takeReports(message),
      },
      first,
      successor !== undefined,
    );
    this.#stopListening = onSignals({
      ...{ logger, protocol, configuration: this.#configuration, reloads: this.#reloads },
      ...{ predecessor: this.#predecessor, manager: this.#manager, restart: this.#restart },
      ipvs: this.#ipvs,
    });
  }

  /** The protocol stands by until the other process has handed over. */
  async #takeOver(successor: Successor): Promise<boolean> {
    const { config, protocol, logger } = this.#options;
    this.#startProtocol([]);
    await protocol.ping();
    const capture = await captureFrom(successor, logger);
    if (capture === undefined) return false;
    this.#custody = 'own';
    protocol.feed([{ kind: 'adopt', capture }]);
    await protocol.ping();
    logger.info(
      { code: 'taken-over', from: successor.pid },
      `taken over from pid ${successor.pid}`,
    );
    this.#sayReady();
    // From what the other process had to what the file says, before anyone can ask for a reload.
    const entered = this.#configuration.enter(config);
    await Promise.all([entered, this.#listeners.open(config.agent, true)]);
    protocol.feed(await this.#ipvs.judged(config));
    return true;
  }

  /** Another configuration is in effect, by a reload or at the end of a takeover. */
  #follow(next: Lowered, plan: ReloadPlan): void {
    const { protocol, logger } = this.#options;
    const { agent, settings } = next;
    this.#virtualLinks?.extend(settings);
    this.#model.replace(settings, formerNames(plan));
    this.#notifier?.reconfigure(agent.notifications);
    void this.#operators.restore(namesIn(settings)).then((inputs) => protocol.feed(inputs));
    this.#prober.reconfigure(agent.probes.values());
    this.#ipvs.follow(next);
    logger.level = agent.logLevel;
    this.#listeners.setMode(agent.control.mode);
  }

  #takeReports({ reports, wall }: Extract<FromProtocolThread, { kind: 'reports' }>): void {
    for (const report of reports) {
      const at = report.kind === 'transition' ? this.#wallClock(report.at) : new Date(wall);
      this.#model.apply(report, at);
      this.#operators.take(report);
      if (report.kind === 'instance-removed') {
        this.#configuration.removed(report.instance);
        this.#virtualLinks?.prune(this.#configuration.everything);
        this.#accept?.follow();
      }
      logReport(this.#options.logger, report, at);
    }
    if (reports.some(({ kind }) => kind === 'transition')) this.#showStates();
  }

  /** The next process has everything, and this one removes nothing from now on. */
  #handOver(): void {
    this.#custody = 'successor';
    const { pid } = this.#restart;
    if (pid !== undefined) this.#manager.handOver(pid);
    this.#options.logger.info({ code: 'handed-over' }, 'the next process has taken over');
  }

  /** What is held goes first: a log line may have to wait for its reader. */
  async #fail(error: unknown): Promise<void> {
    const { protocol, logger } = this.#options;
    await protocol.terminate();
    const settings = this.#configuration.everything;
    const release = this.#custody === 'own' ? releaseEverything(settings, this.#model) : undefined;
    logFailure(logger, error, release);
    this.#manager.stopping();
    noteEnd(this.#model, (facts) => this.#note(facts));
  }

  #sayReady(): void {
    this.#manager.ready();
    this.#showStates();
  }

  #showStates(): void {
    this.#manager.states([...this.#model.states().values()]);
  }

  /** To the events and the log. */
  #note(facts: EventFacts): void {
    const at = new Date();
    this.#model.record(facts, at);
    logFacts(this.#options.logger, facts, at);
  }

  #createModel(settings: Settings): AgentModel {
    const { protocol } = this.#options;
    return new AgentModel({
      version: programVersion(),
      pid: process.pid,
      startedAt: new Date(),
      settings,
      counters: new CounterTable(new Float64Array(protocol.memory.counters)),
      wallClock: this.#wallClock,
      lockOf: (instance) => this.#locks.of(instance),
      notifications: () => this.#notifier?.counts(),
      probes: (name) => this.#prober.reading(name) ?? this.#ipvs.reading(name),
      connections: (instance) => this.#ipvs.connections(instance),
    });
  }

  #createListeners(): Listeners {
    const { protocol, logger } = this.#options;
    const source: AgentSource = {
      status: () => this.#model.status(),
      lastTransitionAt: (instance) => this.#model.lastTransitionAt(instance),
      eventsAfter: (sequence) => this.#model.eventsAfter(sequence),
      subscribe: (listener) => this.#model.subscribe(listener),
      config: () => this.#configuration.words,
      ipvs: () => this.#ipvs.document(),
    };
    return new Listeners({
      ...{ source, protocol, logger, operators: this.#operators.access },
      commands: {
        reload: (options) => this.#reloads.reload(options),
        takeover: (step, body) => this.#predecessor.take(step, body),
        drains: () => this.#ipvs.desk,
      },
    });
  }
}

function namesIn({ instances }: Settings): string[] {
  return instances.map(({ name }) => name);
}

function logStart(logger: Logger, { settings }: LoadedConfig, scheduling: Scheduling): void {
  logger.info(
    { code: 'started', instances: settings.instances.length, scheduling: scheduling.policy },
    `started with ${settings.instances.length} virtual routers`,
  );
  if (scheduling.policy === 'SCHED_RR' || scheduling.refused === undefined) return;
  logger.warn(
    { code: 'no-realtime', errno: scheduling.refused },
    `no real-time scheduling (${scheduling.refused}): give the service CAP_SYS_NICE, or set realtime: off`,
  );
}
