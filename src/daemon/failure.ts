/** The end of an agent whose protocol or main thread has failed: the VIPs are removed and it is logged. */
import type { Logger } from 'pino';
import type { EventFacts } from '../control/protocol.ts';
import type { AgentModel } from '../observe/model.ts';
import type { Release } from '../protocol/thread/emergency-release.ts';
import { ProtocolFailure } from '../protocol/thread/protocol-worker.ts';

/**
 * Rejects with the first uncaught exception, which is logged only after the VIPs are released. Later
 * ones are logged here, and do not end the process before it is closed.
 */
export function failureOfMainThread(logger: Logger): Promise<never> {
  let isFirst = true;
  return new Promise((_, reject) => {
    process.on('uncaughtException', (error) => {
      if (isFirst) reject(error);
      else logger.error({ code: 'internal-error', err: error }, 'internal error');
      isFirst = false;
    });
  });
}

/** `release` is undefined if another process has custody of what is in the kernel. */
export function logFailure(logger: Logger, error: unknown, release: Release | undefined): void {
  if (!(error instanceof ProtocolFailure)) {
    logger.fatal({ code: 'internal-error', err: error }, 'internal error');
  }
  logger.fatal({ code: 'protocol-thread-failed', err: error }, 'the protocol has failed');
  if (release === undefined) return;
  const { removed, isComplete, problems } = release;
  const more = problems.length === 0 ? {} : { problems };
  if (isComplete) {
    logger.warn({ code: 'emergency-release', removed, ...more }, `${removed} VIPs removed`);
    return;
  }
  const entry = { code: 'emergency-release-failed', removed, ...more };
  logger.fatal(entry, 'VIPs may be left behind');
}

/** Records that the instances have stopped, as the protocol no longer reports it. */
export function recordEnd(model: AgentModel, record: (facts: EventFacts) => void): void {
  for (const { name, state, priority } of model.status().instances) {
    if (state === 'INIT') continue;
    record({
      kind: 'transition',
      instance: name,
      from: state,
      to: 'INIT',
      event: 'shutdown',
      cause: 'agent-failed',
      reason: 'the protocol has failed',
      priority: priority.effective,
    });
  }
}
