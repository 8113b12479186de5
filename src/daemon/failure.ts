/** What happens when the protocol, or this thread, has a bug: the VIPs do not outlive it. */
import type { Logger } from 'pino';
import { Packets } from '../kernel/packet/packets.ts';
import { Routes } from '../kernel/rtnetlink/routes.ts';
import type { AgentModel } from '../observe/model.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import { ProtocolFailure } from '../protocol/thread/protocol-worker.ts';
import { letGo } from './emergency.ts';

/** Removed VIPs, or why they could not be removed. */
export type Release =
  | { readonly kind: 'released'; readonly removed: number }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * Rejected by the first exception that nothing catches. It is not logged here: what is held has to go
 * first. Later exceptions are, and do not end the process half-way.
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

/** Nothing is logged, since that may have to wait. */
export function releaseEverything(settings: Settings, model: AgentModel): Release {
  const { instances } = model.status();
  const masters = new Set(
    instances.filter(({ state }) => state === 'MASTER').map(({ name }) => name),
  );
  try {
    const packets = new Packets();
    const routes = new Routes();
    const removed = letGo({ settings, masters, packets, routes });
    packets.close();
    routes.close();
    return { kind: 'released', removed };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** `release` is undefined where another process answers for what is in the kernel. */
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
