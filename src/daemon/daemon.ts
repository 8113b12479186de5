/** `run`, from its configuration to its exit status: checks capabilities and meets a predecessor. */
import type { Logger } from 'pino';
import type { LoadedConfig } from '../config/load.ts';
import { hasRightsOnNetwork, missingCapabilities } from '../kernel/capability/capabilities.ts';
import { exitWithoutThreads } from '../kernel/process/exit-at-once.ts';
import { createLogger, endLog } from '../observe/log.ts';
import type { ProtocolWorker } from '../protocol/thread/protocol-worker.ts';
import { Agent, type AgentOutcome } from './agent.ts';
import { checkerUserWarnings } from './checker-needs.ts';
import { pathWarnings } from './host/path-check.ts';
import { meetPredecessor } from './takeover/successor.ts';

interface DaemonOptions {
  /** Absolute, as a reload reads it again. */
  readonly file: string;
  readonly config: LoadedConfig;
  /** Started by the caller, before it read the configuration. */
  readonly protocol: ProtocolWorker;
  /** The program of the checker process. */
  readonly checker: URL;
  /** Take over from the running agent, if there is one. */
  readonly takeover?: boolean;
  /** With `takeover`: only from the agent with this pid. */
  readonly successorOf?: number | undefined;
  /** Absolute: where the inputs of the protocol are recorded. */
  readonly record?: string | undefined;
}

/** Runs until the agent stops, hands over or fails; logs and releases everything before it resolves. */
export async function runDaemon(options: DaemonOptions): Promise<AgentOutcome> {
  const { settings, agent } = options.config;
  const { logLevel: level, logFormat: format } = agent;
  const logger = createLogger({ level, format, router: settings.router });
  try {
    return await runLogged(options, logger);
  } finally {
    await endLog(logger);
    // A thread may wait for a disk that does not answer, or for the reader of a socket.
    exitWithoutThreads();
  }
}

async function runLogged(
  { file, config, protocol, checker, takeover = false, successorOf, record }: DaemonOptions,
  logger: Logger,
): Promise<AgentOutcome> {
  const missing = missingCapabilities().filter((name) => name !== 'CAP_SYS_NICE');
  if (missing.length > 0) {
    const message = `${missing.join(' and ')} missing: run as root, or give the service these capabilities`;
    logger.fatal({ code: 'missing-capability', missing }, message);
    return 1;
  }
  if (!hasRightsOnNetwork()) {
    const message =
      'the capabilities of this process apply only to its user namespace, and this network belongs to another one: ' +
      'on the network of the host, run it as root of the host, not in a rootless container';
    logger.fatal({ code: 'missing-capability', missing: [] }, message);
    return 1;
  }
  for (const message of pathWarnings([file, ...config.included], config.agent.stateDirectory)) {
    logger.warn({ code: 'insecure-path' }, message);
  }
  for (const message of checkerUserWarnings(config.agent)) {
    logger.warn({ code: 'checker-user-missing' }, message);
  }
  const successor = takeover ? await meetPredecessor(config, successorOf, logger) : undefined;
  if (successor === 'refused') return 1;
  return new Agent({ file, record, config, protocol, checker, logger, successor }).run();
}
