/**
 * The composition root: the only place that creates the parts of a running agent and connects them.
 * Main thread: configuration, control API, log, signals. Protocol thread: the protocol.
 *
 * Custody. One process at a time may remove what is in the kernel: VIPs, virtual MAC links, the nft
 * table, IPVS. That is the predecessor until this process has the agent's name in the network namespace
 * and the control socket (an ordinary start) or its takeover has committed; then this process; and the
 * successor once the next takeover has committed. A process without custody closes its descriptors and
 * removes nothing.
 *
 * Stop order, however the agent ends:
 * 1. VIPs. On a signal the protocol thread removes them and ends. If it has failed, the main thread
 *    sends priority 0 and removes them in its place, and only then logs, as a log line may block.
 *    What the main thread has open for that is closed then.
 * 2. Virtual MAC links: no address is on them any longer.
 * 3. IPVS: the next MASTER already has the traffic. A second signal shortens this step.
 * 4. Expiry of maintenance, the session with the SNMP agent, notifications, keys in the witness, then the
 *    checker process, which sends both. Commands and
 *    receivers get up to 10 s.
 * 5. The nft table of `accept: false`. It stays after a failure, as VIPs may have been left behind.
 * 6. Signal handlers, then the control socket and HTTP: operators can query a slow stop until here. After a
 *    takeover they ask the successor, which waits for the port: both are closed before step 4.
 * 7. The protocol thread, if it still runs, beside it the history, and then the recording of its inputs.
 * 8. The name in the network namespace, which keeps a second agent out.
 */
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { CheckedProbes } from '../checker/supervisor/checked-probes.ts';
import { Checker } from '../checker/supervisor/checker.ts';
import { startCheckerChild } from '../checker/supervisor/checker-child.ts';
import type { ReloadPlan } from '../config/diff.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Lowered } from '../config/lower/lower.ts';
import type { EventFacts } from '../control/protocol.ts';
import { programVersion } from '../files/package-files.ts';
import { Clock } from '../kernel/clock/clock.ts';
import { OrphanReaper } from '../kernel/process/orphans.ts';
import type { Instant } from '../net/time.ts';
import { logFacts, logReport } from '../observe/log.ts';
import { AgentModel } from '../observe/model.ts';
import { anchoredWallClock } from '../observe/wall-clock.ts';
import { CounterTable } from '../protocol/engine/counters.ts';
import type { Input } from '../protocol/engine/inputs.ts';
import { formerOf } from '../protocol/engine/masterships.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import { heldAddresses } from '../protocol/engine/snapshot.ts';
import type { Release } from '../protocol/thread/emergency-release.ts';
import type { FromProtocolThread, Scheduling } from '../protocol/thread/messages.ts';
import { ProtocolFailure, type ProtocolWorker } from '../protocol/thread/protocol-worker.ts';
import { type AcceptMode, openAcceptFilter } from './accept/accept-mode.ts';
import { AddressMemory } from './address-memory.ts';
import { AgentIpvs } from './agent-ipvs.ts';
import { AgentKeys } from './agent-keys.ts';
import { AgentWitness } from './agent-witness.ts';
import { checkerDocument, checkerNeeds, knownStates } from './checker-needs.ts';
import { type Closer, closeInOrder } from './closers.ts';
import { Configuration } from './configuration.ts';
import { DirectorTables } from './director-tables.ts';
import { EmergencyReserve } from './emergency-reserve.ts';
import { failureOfMainThread, logFailure, recordEnd } from './failure.ts';
import { AgentHistory } from './history/agent-history.ts';
import { lackingHere } from './host/host-needs.ts';
import { strayAnswers, withAnswers } from './host/links-here.ts';
import { OtherPrograms } from './host/other-programs.ts';
import { pathWarnings } from './host/path-check.ts';
import { accessOf } from './listeners/control-access.ts';
import type { AgentSource } from './listeners/http.ts';
import { Listeners } from './listeners/listeners.ts';
import { SnmpSession } from './listeners/snmp-session.ts';
import {
  type FoundMasterships,
  MastershipMemory,
  mastershipDirectories,
} from './mastership-memory.ts';
import { openNotifier } from './notify/notifications.ts';
import type { Notifier } from './notify/notifier.ts';
import { OperatorLockStore } from './operator/operator-lock-store.ts';
import { OperatorLocks } from './operator/operator-locks.ts';
import { Operators } from './operator/operators.ts';
import { Recording } from './recording/recording.ts';
import { formerNames, Reloads } from './reloads.ts';
import { openServiceManager, type ServiceManager } from './service-manager.ts';
import { handleSignals } from './signals.ts';
import { SoleAgent } from './sole-agent.ts';
import { freeStartMemory } from './start-memory.ts';
import { Predecessor } from './takeover/predecessor.ts';
import { Restart } from './takeover/restart.ts';
import { captureFrom, type Successor } from './takeover/successor.ts';
import {
  type LinksInUse,
  openVirtualLinks,
  type VirtualLinkKeeper,
} from './virtual-links/virtual-link-keeper.ts';

interface AgentOptions {
  /** Absolute, as a reload reads it again. */
  readonly file: string;
  /** Absolute; undefined: nothing is recorded. */
  readonly record: string | undefined;
  readonly config: LoadedConfig;
  readonly protocol: ProtocolWorker;
  /** The program of the checker process. */
  readonly checker: URL;
  readonly logger: Logger;
  /** Undefined: an ordinary start, without a takeover. */
  readonly successor: Successor | undefined;
}

/** Exit status of `run`: 0 after a clean stop or when another process has taken over. */
export type AgentOutcome = 0 | 1;

/** The process that may remove what is in the kernel. */
type Custody = 'predecessor' | 'own' | 'successor';

export class Agent {
  readonly #options: AgentOptions;
  readonly #wallClock = anchoredWallClock({ instant: engineTime(), at: new Date() });
  readonly #model: AgentModel;
  readonly #configuration: Configuration;
  readonly #reloads: Reloads;
  readonly #locks: OperatorLocks;
  readonly #operators: Operators;
  readonly #checker: Checker;
  readonly #tracks: CheckedProbes;
  readonly #ipvs: AgentIpvs;
  readonly #directorTables: DirectorTables;
  readonly #witness: AgentWitness;
  readonly #manager: ServiceManager;
  readonly #restart: Restart;
  readonly #recording: Recording | undefined;
  readonly #predecessor: Predecessor;
  readonly #listeners: Listeners;
  readonly #snmp: SnmpSession;
  readonly #soleAgent: SoleAgent;
  readonly #addressMemory: AddressMemory;
  readonly #otherPrograms: OtherPrograms;
  readonly #masterships: MastershipMemory;
  readonly #history: AgentHistory;
  /** As the first process of a container. */
  readonly #orphans = process.pid === 1 ? new OrphanReaper() : undefined;
  #reserve: EmergencyReserve | undefined;
  readonly #keys: AgentKeys;
  #accept: AcceptMode | undefined;
  #virtualLinks: VirtualLinkKeeper | undefined;
  #notifier: Notifier | undefined;
  #ignoreSignals = () => {};
  #custody: Custody = 'predecessor';
  #outcome: AgentOutcome = 1;

  /** Opens no socket and no file. */
  constructor(options: AgentOptions) {
    const { file, config, protocol, logger, successor } = options;
    this.#keys = new AgentKeys(protocol);
    const { stateDirectory } = config.agent;
    const settings = successor?.settings ?? config.settings;
    const record = (facts: EventFacts) => this.#record(facts);
    const status = () => this.#model.status();
    const feed = (inputs: readonly Input[]) => protocol.feed(inputs);
    this.#options = options;
    this.#locks = new OperatorLocks(new OperatorLockStore(stateDirectory));
    this.#checker = new Checker({
      start: startCheckerChild(options.checker),
      report: record,
      onError: (detail) => logger.error({ code: 'probe-error', detail }, 'a probe has failed'),
    });
    this.#tracks = new CheckedProbes({
      checker: this.#checker,
      changed: (probe, change) => feed([{ kind: 'probe.changed', probe, ...change }]),
      lost: (probe, detail) => feed([{ kind: 'probe.lost', probe, detail }]),
    });
    this.#witness = new AgentWitness({ link: this.#checker.witness, feed, record });
    this.#model = this.#createModel(settings);
    this.#directorTables = new DirectorTables({
      feed,
      isConfigured: () => this.#configuration.settings.peerLink !== undefined,
    });
    this.#ipvs = new AgentIpvs({
      link: this.#directorTables,
      notify: (change) => this.#notifier?.healthChanged(change),
      keep: (facts) => this.#keep(facts),
      ...{ logger, model: this.#model, protocol, record, stateDirectory, checker: this.#checker },
    });
    this.#configuration = new Configuration({
      file,
      status,
      config: { ...config, settings },
      // Not loaded with the first reload: after an upgrade, its file is another one.
      lacking: async (next) => [
        ...pathWarnings([file, ...next.included], stateDirectory),
        ...lackingHere(next),
      ],
      cuts: ({ agent }) => this.#ipvs.cutBy(agent.ipvs),
      apply: (plan) => {
        feed([{ kind: 'settings.changed', change: plan.change }]);
        return protocol.settled();
      },
    });
    this.#reloads = new Reloads(this.#configuration, record, logger);
    this.#operators = new Operators({
      ...{ logger, feed, record, locks: this.#locks, model: this.#model },
    });
    this.#manager = openServiceManager(logger);
    this.#restart = new Restart({ file, record: options.record, logger });
    this.#recording = openRecording(options);
    this.#predecessor = new Predecessor({
      version: programVersion(),
      configuration: this.#configuration,
      protocol,
      child: () => this.#restart.pid,
      ipvs: () => this.#ipvs.capture(),
      onCommit: () => this.#handOver(),
    });
    this.#listeners = this.#createListeners();
    this.#snmp = new SnmpSession({
      ...{ record, model: this.#model },
      instances: () => this.#configuration.settings.instances,
    });
    this.#soleAgent = new SoleAgent(logger);
    this.#otherPrograms = new OtherPrograms({
      settings: () => this.#configuration.settings,
      isMaster: (instance) => this.#model.states().get(instance) === 'MASTER',
      record,
    });
    this.#addressMemory = new AddressMemory({ directory: stateDirectory, logger });
    const directories = mastershipDirectories(config.agent.control.socket);
    this.#masterships = new MastershipMemory({ directories, logger });
    this.#history = new AgentHistory({
      agent: config.agent,
      settings: () => this.#configuration.settings,
      model: () => this.#model,
      report: record,
    });
  }

  /** Runs until a signal stops it, another process takes over or it fails; then closes everything. */
  async run(): Promise<AgentOutcome> {
    const { logger } = this.#options;
    try {
      this.#outcome = await this.#serve();
    } finally {
      await closeInOrder(this.#closers(), (error) =>
        logger.error({ code: 'internal-error', err: error }, 'could not close everything'),
      );
    }
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
    logger.info({ code: 'stopped' }, 'stopped; everything is released');
    failure.catch((error: unknown) => {
      logger.error({ code: 'internal-error', err: error }, 'internal error');
    });
    return 0;
  }

  /** In stop order, see the top of this file. */
  #closers(): readonly Closer[] {
    const isOwn = () => this.#custody === 'own';
    const isHandedOver = this.#custody === 'successor';
    const closeListeners = () => this.#listeners.close(this.#custody === 'successor');
    return [
      () => this.#reserve?.close(),
      () => {
        if (isOwn()) this.#virtualLinks?.removeAll();
      },
      () => this.#ipvs.stop(!isOwn()),
      () => (isHandedOver ? closeListeners() : undefined),
      () => this.#operators.close(),
      () => this.#snmp.close(),
      () => this.#notifier?.close(),
      () => this.#witness.close(),
      () => this.#checker.close(),
      () => this.#accept?.end(this.#outcome === 0 && isOwn()),
      () => this.#otherPrograms.close(),
      () => this.#ignoreSignals(),
      () => (isHandedOver ? undefined : closeListeners()),
      async () => {
        // It may still be closing its sockets, which takes as long as the disk.
        const terminated = this.#options.protocol.terminate();
        await this.#history.close(this.#endOfHistory());
        await terminated;
      },
      () => {
        if (isOwn()) this.#masterships.forget();
        return this.#outcome === 0 && isOwn() ? this.#addressMemory.forget() : undefined;
      },
      () => this.#recording?.close(),
      () => this.#soleAgent.release(),
      () => this.#orphans?.close(),
    ];
  }

  /** Undefined: another process continues it. */
  #endOfHistory(): 'stopped' | 'failed' | undefined {
    if (this.#custody !== 'own') return undefined;
    return this.#outcome === 0 ? 'stopped' : 'failed';
  }

  /** False: refused, which has been logged. */
  async #start(): Promise<boolean> {
    const { config, successor } = this.#options;
    // Its start takes as long as all the rest.
    this.#checker.configure(checkerNeeds(config.agent));
    this.#witness.follow(config);
    if (successor !== undefined) {
      const { settings } = successor;
      return (await this.#open({ of: 'predecessor', settings })) && this.#takeOver(successor);
    }
    const restored = await this.#operators.restore(namesIn(config.settings));
    if (!(await this.#soleAgent.claim())) return false;
    if (!(await this.#listeners.open(config.agent, false))) return false;
    this.#custody = 'own';
    this.#history.begin(false);
    const resumption = resumptionOf(config, this.#masterships.open());
    if (!(await this.#open(resumption.links))) return false;
    this.#ipvs.follow(config);
    const ipvs = await this.#ipvs.initialInputs(config);
    this.#startProtocol([resumption.input, ...restored, ...ipvs]);
    this.#check(config);
    void this.#snmp.follow(config.agent.snmpMaster);
    return true;
  }

  /** Opens what the protocol needs before it starts. */
  async #open(linksInUse: LinksInUse): Promise<boolean> {
    const { config, protocol, logger } = this.#options;
    const configuration = this.#configuration;
    const record = (facts: EventFacts) => this.#record(facts);
    const { settings } = configuration;
    // After a takeover, those of the file follow those of the predecessor.
    const instances = [...settings.instances, ...config.settings.instances];
    await this.#addressMemory.prepare({ ...settings, instances });
    this.#reserve = new EmergencyReserve(this.#addressMemory.addresses);
    this.#accept = await openAcceptFilter(configuration, record, logger);
    if (this.#accept === undefined) return false;
    this.#virtualLinks = openVirtualLinks(config, linksInUse);
    this.#notifier = openNotifier({
      ...{ protocol, record, model: this.#model, checker: this.#checker },
      notifications: config.agent.notifications,
      settings: () => configuration.settings,
    });
    configuration.follow({
      prepare: async (next) => {
        accessOf(next.agent.control);
        await this.#addressMemory.prepare(next.settings);
        await this.#listeners.moveHttp(next.agent.httpListen);
      },
      follow: (next, plan) => this.#follow(next, plan),
    });
    return true;
  }

  #startProtocol(first: readonly Input[]): void {
    const { config, protocol, logger, successor } = this.#options;
    this.#keys.follow(config.agent);
    protocol.start(
      this.#configuration.settings,
      config.agent.realtime,
      {
        virtualLink: (request) =>
          this.#virtualLinks?.answer(request, (input) => protocol.feed([input])),
        started: (scheduling) => {
          this.#masterships.close();
          logStart(logger, config, scheduling);
          // After a takeover the VIPs are here, and advertisements of this host are the agent's own.
          this.#otherPrograms.start(successor === undefined);
          if (successor === undefined) this.#reportReady();
          freeStartMemory();
        },
        reports: (message) => this.#takeReports(message),
        directorTable: (table) => this.#directorTables.take(table),
        ...this.#recording?.events,
      },
      first,
      {
        standby: successor !== undefined,
        remembered: this.#addressMemory.addresses,
        masterships: this.#masterships.fd,
      },
    );
    this.#ignoreSignals = handleSignals({
      ...{ logger, protocol, configuration: this.#configuration, reloads: this.#reloads },
      ...{ predecessor: this.#predecessor, manager: this.#manager, restart: this.#restart },
      ...{ ipvs: this.#ipvs, listeners: this.#listeners },
    });
  }

  /** The protocol stands by until the predecessor has committed. */
  async #takeOver(successor: Successor): Promise<boolean> {
    const { config, protocol, logger } = this.#options;
    this.#masterships.open();
    this.#startProtocol([]);
    await protocol.ping();
    await this.#soleAgent.announce();
    const inheritance = await captureFrom(successor, logger);
    if (inheritance === undefined) return false;
    const { capture, ipvs } = inheritance;
    this.#custody = 'own';
    void this.#soleAgent.inherit();
    protocol.feed([{ kind: 'adopt', capture }]);
    this.#tracks.remember(knownStates(capture));
    this.#ipvs.inherit(ipvs);
    await this.#addressMemory.claim(heldAddresses(capture));
    await protocol.settled();
    this.#history.begin(true);
    logger.info(
      { code: 'taken-over', from: successor.pid },
      `taken over from pid ${successor.pid}`,
    );
    this.#reportReady();
    // Adopts the settings of the file before the socket accepts a reload.
    const entered = this.#configuration.enter(config);
    const feeding = entered.then(async () => protocol.feed(await this.#ipvs.initialInputs(config)));
    await Promise.all([feeding, this.#listeners.open(config.agent, true)]);
    return true;
  }

  /** Adapts to another configuration, at a reload or the end of a takeover. */
  #follow(next: Lowered, plan: ReloadPlan): void {
    const { protocol, logger } = this.#options;
    const { agent, settings } = next;
    this.#keys.follow(agent);
    this.#virtualLinks?.extend(settings);
    this.#model.replace(settings, formerNames(plan));
    this.#history.noteInstances();
    protocol.follow(settings);
    this.#notifier?.reconfigure(agent.notifications);
    void this.#operators.restore(namesIn(settings)).then((inputs) => protocol.feed(inputs));
    this.#check(next);
    this.#ipvs.follow(next);
    logger.level = agent.logLevel;
    void this.#listeners.setAccess(agent.control);
    void this.#snmp.follow(agent.snmpMaster);
  }

  /** Has everything checked that this configuration names. */
  #check(config: Lowered): void {
    this.#checker.configure(checkerNeeds(config.agent));
    this.#witness.follow(config);
    this.#tracks.reconfigure(config.agent.probes.values());
  }

  #takeReports({ reports, wall }: Extract<FromProtocolThread, { kind: 'reports' }>): void {
    for (const report of reports.map(withAnswers)) {
      if (report.kind === 'witness-request') {
        this.#witness.ask(report.request);
        continue;
      }
      const at = report.kind === 'transition' ? this.#wallClock(report.at) : new Date(wall);
      this.#history.take(report);
      this.#model.apply(report, at);
      this.#operators.take(report);
      if (report.kind === 'instance-removed') {
        this.#configuration.removed(report.instance);
        this.#virtualLinks?.prune(this.#configuration.settingsInUse);
        this.#accept?.follow();
      }
      logReport(this.#options.logger, report, at);
    }
    if (reports.some(({ kind }) => kind === 'transition')) this.#reportStates();
  }

  /** The successor has committed: this process no longer removes anything. */
  #handOver(): void {
    this.#custody = 'successor';
    this.#soleAgent.release();
    const { pid } = this.#restart;
    if (pid !== undefined) this.#manager.handOver(pid);
    this.#options.logger.info({ code: 'handed-over' }, 'the successor has taken over');
  }

  /** Releases first and logs afterwards: a log line may block. */
  async #fail(error: unknown): Promise<void> {
    const { protocol, logger } = this.#options;
    await protocol.terminate();
    const isOwn = this.#custody === 'own';
    // First, so that the next process does not continue what this one has resigned.
    if (isOwn) this.#masterships.forget();
    logFailure(logger, error, isOwn ? this.#release(error) : undefined);
    this.#manager.stopping();
    recordEnd(this.#model, (facts) => this.#record(facts));
  }

  /** Unless the protocol thread has done it as its last act. */
  #release(error: unknown): Release | undefined {
    if (error instanceof ProtocolFailure && error.release?.isComplete) return error.release;
    const { addresses } = this.#addressMemory;
    const settings = this.#configuration.settingsInUse;
    const [lastNumber] = new BigUint64Array(this.#options.protocol.memory.lastNumber);
    return this.#reserve?.release(settings, this.#model, addresses, this.#keys.keyring, lastNumber);
  }

  #reportReady(): void {
    this.#manager.ready();
    this.#reportStates();
  }

  #reportStates(): void {
    this.#manager.states([...this.#model.states().values()]);
  }

  /** To the events and the log. */
  #record(facts: EventFacts): void {
    const at = new Date();
    this.#history.record(facts);
    this.#model.record(facts, at);
    logFacts(this.#options.logger, facts, at);
  }

  /** To the history on the disk and the log, but not to the events. */
  #keep(facts: EventFacts): void {
    this.#history.record(facts);
    logFacts(this.#options.logger, facts, new Date());
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
      checker: () => checkerDocument(this.#checker.status),
      witness: () => this.#witness.document,
      probes: (name) => this.#tracks.reading(name) ?? this.#ipvs.reading(name),
      connections: (instance) => this.#ipvs.connections(instance),
      history: () => this.#history.document,
      otherPrograms: () => this.#otherPrograms.documents,
      strayAnswers,
    });
  }

  #createListeners(): Listeners {
    const { protocol, logger } = this.#options;
    const source: AgentSource = {
      status: () => this.#model.status(),
      lastTransitionAt: (instance) => this.#model.lastTransitionAt(instance),
      eventsAfter: (sequence) => this.#model.eventsAfter(sequence),
      subscribe: (listener) => this.#model.subscribe(listener),
      config: () => this.#configuration.effective,
      ipvs: () => this.#ipvs.document(),
    };
    const names = () => {
      const { agent, settings } = this.#configuration;
      return [hostname(), settings.router, ...agent.httpNames];
    };
    return new Listeners({
      ...{ source, names, protocol, logger, operators: this.#operators.access },
      commands: {
        reload: (options) => this.#reloads.reload(options),
        takeover: (request, peer) => this.#predecessor.take(request, peer),
        drains: () => this.#ipvs.drains,
        releaseWitness: (terms, by) => this.#witness.release(terms, by),
      },
    });
  }
}

/** An ordinary start after `found` was left. */
function resumptionOf({ agent, settings }: LoadedConfig, found: FoundMasterships) {
  const keepsAddresses = agent.resume === 'auto';
  const former = keepsAddresses ? found.former : [];
  const { instances } = settings;
  // All have the routes and rules of the former process, which are known by its settings only.
  const keepsRouting =
    instances.length > 0 && formerOf(instances, former).size === instances.length;
  const input: Input = { kind: 'resume', former, keepsRouting, keepsAddresses };
  // The engine sets those down that have no VIP.
  const links: LinksInUse = { of: 'former', instances: keepsAddresses ? instances : [] };
  return { input, links };
}

/** The present time of the engine's clock, to relate it to the wall clock. */
function engineTime(): Instant {
  const clock = new Clock();
  const now = clock.now();
  clock.close();
  return now;
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

function openRecording({ record, protocol, logger }: AgentOptions): Recording | undefined {
  if (record === undefined) return undefined;
  return new Recording({ file: record, version: programVersion(), protocol, logger });
}
