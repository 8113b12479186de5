/** The side of the process that takes over from the one that runs. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ControlClient } from '../../control/client.ts';
import { ControlError, RefusedRequest } from '../../control/control-error.ts';
import type { InstanceSettings, Settings } from '../../protocol/engine/settings.ts';
import { identityOf } from '../../protocol/engine/settings-change.ts';
import type { EngineSnapshot } from '../../protocol/engine/snapshot.ts';
import { type BegunDocument, type PreparedDocument, TAKEOVER_FORMAT } from './takeover-protocol.ts';

/** Milliseconds for the answer to a step that only has to be said. */
const ANSWER_MS = 2_000;

/** How long the old process may need to be gone when its last answer was lost. */
const GONE_MS = 5_000;

const ATTEMPTS = 3;

/** The agent that runs goes on; the message says why. */
export class TakeoverRefused extends Error {
  override readonly name = 'TakeoverRefused';
  readonly code = 'takeover-refused';
}

export class Successor {
  readonly settings: Settings;
  readonly pid: number;
  readonly #client: ControlClient;
  readonly #generation: number;

  private constructor(client: ControlClient, document: PreparedDocument, settings: Settings) {
    this.#client = client;
    this.#generation = document.generation;
    this.pid = document.pid;
    this.settings = settings;
  }

  /** Undefined: nobody runs there. Throws `TakeoverRefused`. */
  static async meet(socket: string, own: Settings): Promise<Successor | undefined> {
    const client = new ControlClient({ socket, timeoutMs: ANSWER_MS });
    try {
      const document = (await client.takeover('prepare')) as PreparedDocument;
      if (document.format !== TAKEOVER_FORMAT) throw anotherProgram();
      return new Successor(client, document, inherited(document.settings, own));
    } catch (error) {
      if (error instanceof RefusedRequest) {
        if (error.status === 404 || error.status === 405) throw anotherProgram();
        throw new TakeoverRefused(error.message);
      }
      const isGone = error instanceof ControlError && error.code === 'no-agent';
      if (isGone && (error.errno === 'ENOENT' || error.errno === 'ECONNREFUSED')) return undefined;
      if (error instanceof ControlError) throw new TakeoverRefused(error.message);
      throw error;
    }
  }

  /** Where the old process has stopped: it is gone, or is about to. Throws `TakeoverRefused`. */
  async take(): Promise<EngineSnapshot> {
    for (let attempt = 1; ; attempt++) {
      const { token, capture } = await this.#begin();
      try {
        await this.#client.takeover('commit', { token });
        return capture;
      } catch (error) {
        if (error instanceof RefusedRequest) {
          if (attempt < ATTEMPTS) continue;
          throw new TakeoverRefused(error.message);
        }
        // It may have committed, and its answer be lost: only when it is gone nobody else speaks.
        if (await isGoneSoon(this.pid)) return capture;
        throw new TakeoverRefused('the agent that runs does not answer and is not gone');
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

function anotherProgram(): TakeoverRefused {
  return new TakeoverRefused(
    'the agent that runs is of a version that cannot hand over to this one: stop it, then start',
  );
}

/** What cannot come over the socket is taken from the own file. */
function inherited(settings: Settings, own: Settings): Settings {
  const byIdentity = new Map(own.instances.map((one) => [identityOf(one), one]));
  const instances = settings.instances.map((instance): InstanceSettings => {
    const same = byIdentity.get(identityOf(instance));
    return same === undefined ? instance : { ...instance, authentication: same.authentication };
  });
  return { ...settings, instances };
}

async function isGoneSoon(pid: number): Promise<boolean> {
  const deadline = performance.now() + GONE_MS;
  while (performance.now() < deadline) {
    if (isGone(pid)) return true;
    await sleep(5);
  }
  return isGone(pid);
}

/** A zombie has let go of everything too (proc(5): state Z). */
function isGone(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return true;
  }
}
