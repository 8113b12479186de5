/** The end of an agent whose protocol or main thread has failed: the VIPs are removed and it is logged. */
import type { Logger } from 'pino';
import type { EventFacts } from '../control/protocol.ts';
import { Packets } from '../kernel/packet/packets.ts';
import { Routes } from '../kernel/rtnetlink/routes.ts';
import type { IpAddress } from '../net/address.ts';
import type { AgentModel } from '../observe/model.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import { ProtocolFailure } from '../protocol/thread/protocol-worker.ts';
import { emergencyRelease } from './emergency.ts';

/** The number of removed VIPs, or why they could not be removed. */
export type Release =
  | { readonly kind: 'released'; readonly removed: number }
  | { readonly kind: 'failed'; readonly error: unknown };

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

/**
 * Does not log, since that may block. `remembered`: addresses of this agent, on a kernel that does not
 * keep the mark of an address.
 */
export function releaseEverything(
  settings: Settings,
  model: AgentModel,
  remembered: ReadonlySet<IpAddress> | undefined,
): Release {
  const { instances } = model.status();
  const masters = new Set(
    instances.filter(({ state }) => state === 'MASTER').map(({ name }) => name),
  );
  try {
    const packets = new Packets();
    const routes = new Routes({ remembered });
    const removed = emergencyRelease({ settings, masters, packets, routes });
    packets.close();
    routes.close();
    return { kind: 'released', removed };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** `release` is undefined if another process has custody of what is in the kernel. */
export function logFailure(logger: Logger, error: unknown, release: Release | undefined): void {
  if (!(error instanceof ProtocolFailure)) {
    logger.fatal({ code: 'internal-error', err: error }, 'internal error');
  }
  logger.fatal({ code: 'protocol-thread-failed', err: error }, 'the protocol has failed');
  switch (release?.kind) {
    case 'released': {
      const { removed } = release;
      logger.warn({ code: 'emergency-release', removed }, `${removed} VIPs removed`);
      return;
    }
    case 'failed': {
      const entry = { code: 'emergency-release-failed', err: release.error };
      logger.fatal(entry, 'VIPs may be left behind');
      return;
    }
    case undefined:
  }
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
