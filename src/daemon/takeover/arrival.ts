/** How a process that takes over begins: it meets the one that runs, gets ready, and goes on in its place. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LoadedConfig } from '../../config/load.ts';
import type { EngineSnapshot } from '../../protocol/engine/snapshot.ts';
import { Successor, TakeoverRefused } from './successor.ts';

/** Undefined: nobody runs, this is an ordinary start. */
export async function meetPredecessor(
  { settings, agent }: LoadedConfig,
  logger: Logger,
): Promise<Successor | undefined | 'refused'> {
  try {
    const successor = await Successor.meet(agent.control.socket, settings);
    if (successor === undefined) {
      const message = `nobody runs at ${agent.control.socket}: an ordinary start`;
      logger.info({ code: 'nobody-to-take-over-from' }, message);
    }
    return successor;
  } catch (error) {
    return refused(error, logger);
  }
}

/** What the other process knew when it stopped; undefined: it continues, which has been logged. */
export async function captureFrom(
  successor: Successor,
  logger: Logger,
): Promise<EngineSnapshot | undefined> {
  try {
    return await successor.take();
  } catch (error) {
    refused(error, logger);
    return undefined;
  }
}

/** What the other process has until it is gone: a port, for one. */
export async function patiently<Value>(open: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

const ATTEMPTS = 50;
const PAUSE_MS = 100;

function refused(error: unknown, logger: Logger): 'refused' {
  if (!(error instanceof TakeoverRefused)) throw error;
  logger.fatal({ code: error.code }, `the agent that runs goes on: ${error.message}`);
  return 'refused';
}
