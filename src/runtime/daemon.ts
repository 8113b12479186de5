/**
 * The composition root: the only place that makes the parts of a running agent and joins them.
 * Main thread: configuration, control API, log, signals. Protocol thread: the protocol.
 */
import type { Logger } from 'pino';
import type { LoadedConfig } from '../config/load.ts';
import type { ControlCommands } from '../control/commands.ts';
import { ControlError } from '../control/control-error.ts';
import type { ControlSource, EventFacts } from '../control/protocol.ts';
import { ControlServer } from '../control/server.ts';
import { CounterTable } from '../engine/counters.ts';
import type { Settings } from '../engine/settings.ts';
import { missingCapabilities } from '../kernel/capability/capabilities.ts';
import { Packets } from '../kernel/packet/packets.ts';
import { Routes } from '../kernel/rtnetlink/routes.ts';
import { NotifySocket } from '../kernel/service-manager/notify-socket.ts';
import { createLogger, endLog, logFacts, logReport } from '../observe/log.ts';
import { AgentModel } from '../observe/model.ts';
import { anchoredWallClock } from '../observe/wall-clock.ts';
import { openAcceptFilter } from './accept-mode.ts';
import { bootTime } from './boot-time.ts';
import { Configuration } from './configuration.ts';
import { letGo } from './emergency.ts';
import { AgentIpvs } from './ipvs/agent-ipvs.ts';
import { noteEnd } from './last-words.ts';
import { LazyHttp } from './lazy-http.ts';
import type { Scheduling } from './messages.ts';
import { openNotifier } from './notifications.ts';
import type { Notifier } from './notify/notifier.ts';
import { openVirtualLinks } from './open-virtual-links.ts';
import { Operators } from './operator/operators.ts';
import { OrderStore } from './operator/order-store.ts';
import { Orders } from './operator/orders.ts';
import { Prober } from './probes/prober.ts';
import { programVersion } from './program-version.ts';
import type { ProtocolWorker, ProtocolWorkerEvents } from './protocol-worker.ts';
import { Recording } from './recording/recording.ts';
import { formerNames, Reloads } from './reloads.ts';
import { ServiceManager } from './service-manager.ts';
import { onSignals } from './signals.ts';
import { meetPredecessor, patiently, takeOver } from './takeover/arrival.ts';
import { Predecessor } from './takeover/predecessor.ts';
import { Restart } from './takeover/restart.ts';

export interface DaemonOptions {
  /** Absolute: what a reload reads again. */
  readonly file: string;
  readonly config: LoadedConfig;
  /** Booted by the caller, before the configuration was read. */
  readonly protocol: ProtocolWorker;
  /** Take the place of the agent that runs, if one does. */
  readonly takeover?: boolean;
  /** Absolute: where the inputs of the protocol are recorded. */
  readonly record?: string | undefined;
}

/** Exit status of `run`: 0 after a clean stop. */
export type DaemonOutcome = 0 | 1 | 2;

/** Runs until a signal stops it or the protocol fails; everything is released when it returns. */
export async function runDaemon(options: DaemonOptions): Promise<DaemonOutcome> {
  const { settings, agent } = options.config;
  const logger = createLogger({ level: agent.logLevel, router: settings.router });
  try {
    return await runLogged(options, logger);
  } finally {
    await endLog(logger);
  }
}

async function runLogged(
  { file, config, protocol, takeover = false, record }: DaemonOptions,
  logger: Logger,
): Promise<DaemonOutcome> {
  const { agent } = config;
  const missing = missingCapabilities().filter((name) => name !== 'CAP_SYS_NICE');
  if (missing.length > 0) {
    const message = `${missing.join(' and ')} missing: run as root, or give the service these capabilities`;
    logger.fatal({ code: 'missing-capability', missing }, message);
    return 1;
  }
  const successor = takeover ? await meetPredecessor(config, logger) : undefined;
  if (successor === 'refused') return 1;
  const settings = successor?.settings ?? config.settings;
  const wallClock = anchoredWallClock({ instant: bootTime(), at: new Date() });
  let notifier: Notifier | undefined;
  const orders = new Orders(new OrderStore(agent.stateDirectory));
  const prober = new Prober({
    tell: (probe, change) => protocol.feed([{ kind: 'probe.changed', probe, ...change }]),
    onError: (error) => logger.error({ code: 'probe-error', err: error }, 'a probe has failed'),
  });
  const model = new AgentModel({
    version: programVersion(),
    pid: process.pid,
    startedAt: new Date(),
    settings,
    counters: new CounterTable(new Float64Array(protocol.memory.counters)),
    wallClock,
    orderOf: (instance) => orders.of(instance),
    notifications: () => notifier?.counts(),
    probes: (name) => prober.reading(name) ?? ipvs.reading(name),
    connections: (instance) => ipvs.connections(instance),
  });
  const configuration = new Configuration({
    file,
    config: { ...config, settings },
    status: () => model.status(),
    lacking: async (next) => (await import('./host-needs.ts')).lackingHere(next),
    apply: (plan) => {
      protocol.feed([{ kind: 'settings.changed', change: plan.change }]);
      return protocol.ping();
    },
  });
  const note = (facts: EventFacts) => {
    const at = new Date();
    model.note(facts, at);
    logFacts(logger, facts, at);
  };
  const ipvs = new AgentIpvs({
    ...{ logger, model, protocol, note },
    stateDirectory: agent.stateDirectory,
  });
  const source = sourceOf(configuration, model, ipvs);
  const reloads = new Reloads(configuration, note, logger);
  const operators = new Operators({
    orders,
    status: () => model.status(),
    note,
    logger,
    feed: (inputs) => protocol.feed(inputs),
  });
  const restored = successor === undefined ? await operators.restore(namesIn(settings)) : [];
  let handedOver = false;
  const restart = new Restart({ file, record, logger });
  const recording =
    record === undefined
      ? undefined
      : new Recording({ file: record, version: programVersion(), protocol, logger });
  const predecessor = new Predecessor({
    version: programVersion(),
    configuration,
    protocol,
    onCommit: () => {
      handedOver = true;
      if (restart.pid !== undefined) manager.handOver(restart.pid);
      logger.info({ code: 'handed-over' }, 'the next process has taken over');
    },
  });
  const commands: ControlCommands = {
    reload: (options) => reloads.reload(options),
    takeover: (step, body) => predecessor.take(step, body),
    drains: () => ipvs.desk,
  };
  const http = httpOf(source, protocol, logger);
  let control: ControlServer | undefined;
  const openDoors = async (inherits: boolean) => {
    control = await openControl(config, source, { commands, operators, inherits }, logger);
    if (control === undefined || (await opened(http, config, inherits, logger))) return;
    await control.close();
    control = undefined;
  };
  if (successor === undefined) {
    await openDoors(false);
    if (control === undefined) return 1;
  }
  const accept = await openAcceptFilter(configuration, note, logger);
  if (accept === undefined) {
    await Promise.all([control?.close(), http.close()]);
    return 1;
  }
  const virtualLinks = openVirtualLinks(config, successor?.settings);
  const settingsInEffect = () => configuration.settings;
  const { notifications } = agent;
  notifier = openNotifier({ notifications, settings: settingsInEffect, model, protocol, note });
  configuration.follow({
    prepare: ({ agent: next }) => http.move(next.httpListen),
    follow: ({ settings: next, agent: nextAgent }, plan) => {
      virtualLinks.extend(next);
      model.replace(next, formerNames(plan));
      notifier?.reconfigure(nextAgent.notifications);
      void operators.restore(namesIn(next)).then((inputs) => protocol.feed(inputs));
      prober.reconfigure(nextAgent.probes.values());
      ipvs.follow({ settings: next, agent: nextAgent });
      logger.level = nextAgent.logLevel;
      control?.setMode(nextAgent.control.mode).catch((error: unknown) => {
        logger.error({ code: 'control-mode-failed', err: error }, 'the socket keeps its mode');
      });
    },
  });
  const manager = openServiceManager(logger);
  const showStates = () => manager.states([...model.states().values()]);
  const events: ProtocolWorkerEvents = {
    virtualLink: (request) => virtualLinks.answer(request, (input) => protocol.feed([input])),
    started: (scheduling) => {
      logStart(logger, config, scheduling);
      if (successor !== undefined) return;
      manager.ready();
      showStates();
    },
    reports: ({ reports, wall }) => {
      for (const report of reports) {
        const at = report.kind === 'transition' ? wallClock(report.at) : new Date(wall);
        model.apply(report, at);
        operators.take(report);
        if (report.kind === 'instance-removed') {
          configuration.removed(report.instance);
          virtualLinks.prune(configuration.everything);
          accept.follow();
        }
        logReport(logger, report, at);
      }
      if (reports.some(({ kind }) => kind === 'transition')) showStates();
    },
    ...recording?.events,
  };
  const first = successor === undefined ? [...restored, ...(await ipvs.start(config))] : [];
  protocol.start(settings, agent.realtime, events, first, successor !== undefined);
  const stopListening = onSignals({
    logger,
    protocol,
    configuration,
    reloads,
    predecessor,
    manager,
    ipvs,
    restart,
  });
  if (successor !== undefined) {
    await protocol.ping();
    if (!(await takeOver(successor, protocol, logger))) {
      stopListening();
      await accept.end(false);
      operators.close();
      await notifier.close();
      return 1;
    }
    manager.ready();
    showStates();
    await openDoors(true);
    await configuration.enter(config);
    protocol.feed(await ipvs.start(config));
  }
  prober.reconfigure(agent.probes.values());
  const outcome = await outcomeOf(protocol, configuration, model, logger);
  if (!handedOver) virtualLinks.removeAll();
  if (outcome !== 0) {
    manager.stopping();
    noteEnd(model, note);
  }
  await ipvs.stop(handedOver);
  operators.close();
  prober.close();
  await notifier.close();
  await accept.end(outcome === 0 && !handedOver);
  stopListening();
  await Promise.all([control?.close(handedOver), http.close()]);
  await protocol.terminate();
  await recording?.close();
  return outcome;
}

function sourceOf(configuration: Configuration, model: AgentModel, ipvs: AgentIpvs): ControlSource {
  return {
    status: () => model.status(),
    eventsAfter: (sequence) => model.eventsAfter(sequence),
    subscribe: (listener) => model.subscribe(listener),
    config: () => configuration.words,
    ipvs: () => ipvs.document(),
  };
}

async function openControl(
  { agent }: LoadedConfig,
  source: ControlSource,
  {
    commands,
    operators,
    inherits,
  }: { commands: ControlCommands; operators: Operators; inherits: boolean },
  logger: Logger,
): Promise<ControlServer | undefined> {
  try {
    return await ControlServer.listen({
      socket: agent.control.socket,
      mode: agent.control.mode,
      source,
      commands,
      inherits,
      operators: operators.access,
      onError: (error) => logger.error({ code: 'control-error', err: error }, 'no answer made'),
    });
  } catch (error) {
    const code = error instanceof ControlError ? error.code : 'control-socket-failed';
    const message = error instanceof Error ? error.message : String(error);
    logger.fatal({ code }, message);
    return undefined;
  }
}

/** Loads what serves HTTP only when the configuration asks for it, now or later. */
function httpOf(source: ControlSource, protocol: ProtocolWorker, logger: Logger): LazyHttp {
  const onError = (error: unknown) =>
    logger.error({ code: 'http-error', err: error }, 'no answer made');
  return new LazyHttp({ source, protocol, onError });
}

/** Whether the listener that the configuration asks for is there. */
async function opened(
  http: LazyHttp,
  { agent }: LoadedConfig,
  inherits: boolean,
  logger: Logger,
): Promise<boolean> {
  const open = () => http.move(agent.httpListen);
  try {
    await (inherits ? patiently(open) : open());
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    logger.fatal({ code: 'http-listen-failed' }, message);
    return inherits;
  }
}

/** A manager that is named and does not listen is told of; the agent runs all the same. */
function openServiceManager(logger: Logger): ServiceManager {
  const path = process.env['NOTIFY_SOCKET'];
  if (path === undefined) return new ServiceManager(undefined);
  try {
    return new ServiceManager(new NotifySocket(path));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    logger.warn({ code: 'no-service-manager' }, message);
    return new ServiceManager(undefined);
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

async function outcomeOf(
  protocol: ProtocolWorker,
  configuration: Configuration,
  model: AgentModel,
  logger: Logger,
): Promise<DaemonOutcome> {
  try {
    await Promise.race([protocol.ended, failureOfMainThread(logger)]);
    logger.info({ code: 'stopped' }, 'stopped: nothing is held any more');
    return 0;
  } catch (error) {
    logger.fatal({ code: 'protocol-thread-failed', err: error }, 'the protocol has failed');
    await protocol.terminate();
    releaseEverything(configuration.everything, model, logger);
    return 1;
  }
}

/** Never fulfilled; rejected when this thread has a bug, so that the VIPs do not outlive it. */
function failureOfMainThread(logger: Logger): Promise<never> {
  return new Promise((_, reject) => {
    process.once('uncaughtException', (error) => {
      logger.fatal({ code: 'internal-error', err: error }, 'internal error');
      reject(error);
    });
  });
}

function releaseEverything(settings: Settings, model: AgentModel, logger: Logger): void {
  const masters = new Set(
    model
      .status()
      .instances.filter((instance) => instance.state === 'MASTER')
      .map((instance) => instance.name),
  );
  try {
    const packets = new Packets();
    const routes = new Routes();
    const removed = letGo({ settings, masters, packets, routes });
    packets.close();
    routes.close();
    logger.warn({ code: 'emergency-release', removed }, `${removed} VIPs removed`);
  } catch (error) {
    logger.fatal({ code: 'emergency-release-failed', err: error }, 'VIPs may be left behind');
  }
}
