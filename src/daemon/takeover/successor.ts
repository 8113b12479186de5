/**
 * The new process of a takeover: it meets the running agent, asks it to begin and commit, and continues
 * with its state. If the running agent refuses, this process ends and leaves everything to it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LoadedConfig } from '../../config/load.ts';
import { ControlClient } from '../../control/client.ts';
import { ControlError, RefusedRequest } from '../../control/control-error.ts';
import type { InstanceSettings, Settings } from '../../protocol/engine/settings.ts';
import { identityOf } from '../../protocol/engine/settings-change.ts';
import { hasExited } from './process-end.ts';
import { type BegunDocument, type PreparedDocument, TAKEOVER_FORMAT } from './takeover-protocol.ts';

/** Milliseconds for the answer to a step. */
const ANSWER_MS = 2_000;

/** How long to wait for the predecessor to exit when its last answer was lost. */
const GONE_MS = 5_000;

const ATTEMPTS = 3;

/** The running agent continues; the message says why. */
export class TakeoverRefused extends Error {
  override readonly name = 'TakeoverRefused';
  readonly code = 'takeover-refused';
}

/**
 * Undefined: no agent is running, so this is an ordinary start. `parent`: the agent that has started this
 * process, which then never starts ordinarily: that agent still runs, or its end was not this one's doing.
 */
export async function meetPredecessor(
  { settings, agent }: LoadedConfig,
  parent: number | undefined,
  logger: Logger,
): Promise<Successor | undefined | 'refused'> {
  try {
    const successor = await Successor.meet(agent.control.socket, settings);
    if (parent !== undefined && successor?.pid !== parent) {
      const found = successor === undefined ? 'no agent' : `another one (pid ${successor.pid})`;
      throw new TakeoverRefused(
        `this process is to replace pid ${parent}, and ${found} answers at ${agent.control.socket}`,
      );
    }
    if (successor === undefined) {
      const message = `no agent is running at ${agent.control.socket}: starting without a takeover`;
      logger.info({ code: 'nobody-to-take-over-from' }, message);
    }
    return successor;
  } catch (error) {
    return refused(error, logger);
  }
}

/** What the predecessor hands over. */
type Inheritance = Omit<BegunDocument, 'token'>;

/** The state of the predecessor when it stopped; undefined: it continues, which has been logged. */
export async function captureFrom(
  successor: Successor,
  logger: Logger,
): Promise<Inheritance | undefined> {
  try {
    return await successor.take();
  } catch (error) {
    refused(error, logger);
    return undefined;
  }
}

export class Successor {
  /** In effect there, with the passwords of this process's file. */
  readonly settings: Settings;
  readonly pid: number;
  readonly #client: ControlClient;
  readonly #generation: number;
  /** Routers of the predecessor that this process's file does not have. */
  readonly #resign: readonly string[];

  private constructor(client: ControlClient, document: PreparedDocument, own: Settings) {
    this.#client = client;
    this.#generation = document.generation;
    this.pid = document.pid;
    const identities = new Set(own.instances.map(identityOf));
    this.settings = inherited(document.settings, own);
    this.#resign = document.settings.instances
      .map(identityOf)
      .filter((identity) => !identities.has(identity));
  }

  /** Undefined: no agent listens on the socket. Throws `TakeoverRefused`. */
  static async meet(socket: string, own: Settings): Promise<Successor | undefined> {
    const client = new ControlClient({ socket, timeoutMs: ANSWER_MS });
    try {
      const document = (await client.takeover('prepare')) as PreparedDocument;
      if (document.format !== TAKEOVER_FORMAT) throw incompatible();
      return new Successor(client, document, own);
    } catch (error) {
      if (error instanceof RefusedRequest) {
        if (error.status === 404 || error.status === 405) throw incompatible();
        throw new TakeoverRefused(error.message);
      }
      const isGone = error instanceof ControlError && error.code === 'no-agent';
      if (isGone && (error.errno === 'ENOENT' || error.errno === 'ECONNREFUSED')) return undefined;
      if (error instanceof ControlError) throw new TakeoverRefused(error.message);
      throw error;
    }
  }

  /** Resolves once the predecessor has committed: it has exited or is about to. Throws `TakeoverRefused`. */
  async take(): Promise<Inheritance> {
    const resign = this.#resign.length === 0 ? {} : { resign: [...this.#resign] };
    for (let attempt = 1; ; attempt++) {
      const { token, ...inheritance } = await this.#begin();
      try {
        await this.#client.takeover('commit', { token, ...resign });
        return inheritance;
      } catch (error) {
        if (error instanceof RefusedRequest) {
          if (attempt < ATTEMPTS) continue;
          throw new TakeoverRefused(error.message);
        }
        // It may have committed, and the answer was lost: only its exit proves that it sends no more.
        if (await exitsSoon(this.pid)) return inheritance;
        throw new TakeoverRefused('the running agent does not answer and has not exited');
      }
    }
  }

  async #begin(): Promise<BegunDocument> {
    try {
      const generation = this.#generation;
      return (await this.#client.takeover('begin', { generation })) as BegunDocument;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new TakeoverRefused(message);
    }
  }
}

function refused(error: unknown, logger: Logger): 'refused' {
  if (!(error instanceof TakeoverRefused)) throw error;
  logger.fatal({ code: error.code }, `the running agent continues: ${error.message}`);
  return 'refused';
}

function incompatible(): TakeoverRefused {
  return new TakeoverRefused(
    'the running agent has a version that cannot hand over to this one: stop it, then start this one',
  );
}

/**
 * Passwords and keys do not travel over the socket: they are taken from this process's file. A router that
 * the file does not have keeps its authentication, and so sends nothing unsigned.
 */
function inherited(settings: Settings, own: Settings): Settings {
  const byIdentity = new Map(own.instances.map((one) => [identityOf(one), one]));
  const instances = settings.instances.map((instance): InstanceSettings => {
    const same = byIdentity.get(identityOf(instance));
    return same === undefined ? instance : { ...instance, authentication: same.authentication };
  });
  return { ...settings, instances };
}

async function exitsSoon(pid: number): Promise<boolean> {
  const deadline = performance.now() + GONE_MS;
  while (performance.now() < deadline) {
    if (hasExited(pid)) return true;
    await sleep(5);
  }
  return hasExited(pid);
}
