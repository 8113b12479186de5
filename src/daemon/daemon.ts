/** `run` from its configuration to its exit status: may this process run, and what does it follow? */
import type { Logger } from 'pino';
import type { LoadedConfig } from '../config/load.ts';
import { missingCapabilities } from '../kernel/capability/capabilities.ts';
import { createLogger, endLog } from '../observe/log.ts';
import type { ProtocolWorker } from '../protocol/thread/protocol-worker.ts';
import { Agent, type AgentOutcome } from './agent.ts';
import { meetPredecessor } from './takeover/arrival.ts';

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

/** Runs until a signal stops it or the protocol fails; everything is released when it returns. */
export async function runDaemon(options: DaemonOptions): Promise<AgentOutcome> {
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
): Promise<AgentOutcome> {
  const missing = missingCapabilities().filter((name) => name !== 'CAP_SYS_NICE');
  if (missing.length > 0) {
    const message = `${missing.join(' and ')} missing: run as root, or give the service these capabilities`;
    logger.fatal({ code: 'missing-capability', missing }, message);
    return 1;
  }
  const successor = takeover ? await meetPredecessor(config, logger) : undefined;
  if (successor === 'refused') return 1;
  return new Agent({ file, record, config, protocol, logger, successor }).run();
}
