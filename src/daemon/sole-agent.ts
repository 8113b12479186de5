/**
 * One agent for each network namespace: two would remove each other's addresses, routes and links. They
 * need not share a file, so a lock file does not help: containers on the host network have their own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { mayChangeNetwork } from '../kernel/capability/capabilities.ts';
import type { PeerCredentials } from '../kernel/ffi/peer-credentials.ts';
import { type NameAttempt, NamespaceName } from '../kernel/namespace-name/namespace-name.ts';

const NAME = 'vrrp-agent';

/** A predecessor that has committed frees the name, or has died and is about to. */
const ATTEMPTS = 40;
const PAUSE_MS = 50;

type Acquire = (name: string) => NameAttempt;

export class SoleAgent {
  readonly #logger: Logger;
  readonly #acquire: Acquire;
  #name: NamespaceName | undefined;
  #isReleased = false;

  constructor(logger: Logger, acquire: Acquire = NamespaceName.acquire) {
    this.#logger = logger;
    this.#acquire = acquire;
  }

  /** False: another agent runs in this network namespace, which has been logged. */
  claim(): boolean {
    const holder = this.#attempt();
    if (holder === undefined) return true;
    const code = 'agent-running';
    this.#logger.fatal({ code, pid: holder.pid }, runningMessage(holder));
    return false;
  }

  /** The predecessor has committed: this process continues even if it does not get the name. */
  async inherit(): Promise<void> {
    for (let attempt = 1; !this.#isReleased; attempt++) {
      const holder = this.#attempt();
      if (holder === undefined) return;
      if (attempt === ATTEMPTS) {
        this.#logger.error({ code: 'agent-running', pid: holder.pid }, runningMessage(holder));
        return;
      }
      await sleep(PAUSE_MS);
    }
  }

  /** For the successor, or at the end, when this process has released everything. */
  release(): void {
    this.#isReleased = true;
    this.#name?.release();
    this.#name = undefined;
  }

  /** Undefined: no other agent runs here, as far as that can be found out. */
  #attempt(): Partial<PeerCredentials> | undefined {
    try {
      const attempt = this.#acquire(NAME);
      if (attempt.held) {
        this.#name = attempt.name;
        return undefined;
      }
      if (attempt.by === undefined || mayBeAgent(attempt.by)) return attempt.by ?? {};
      this.#logger.warn(
        { code: 'agent-name-taken', ...attempt.by },
        `process ${attempt.by.pid} of uid ${attempt.by.uid} holds the name @${NAME} and is no agent: ` +
          'end it; until then a second agent in this network namespace is not noticed',
      );
    } catch (error) {
      this.#logger.warn(
        { code: 'agent-name-failed', err: error },
        'a second agent in this network namespace would not be noticed',
      );
    }
    return undefined;
  }
}

/** Any local user can take the name, and must not keep an agent from starting. */
function mayBeAgent({ pid, uid }: PeerCredentials): boolean {
  return uid === 0 || uid === process.geteuid?.() || mayChangeNetwork(pid);
}

function runningMessage({ pid }: Partial<PeerCredentials>): string {
  return (
    `an agent already runs in this network namespace (${whereIs(pid)}): stop it, ` +
    'or replace it with `vrrp-agent run --takeover`'
  );
}

function whereIs(pid: number | undefined): string {
  if (pid === undefined) return 'pid unknown';
  return pid > 0 ? `pid ${pid}` : 'in another container, which hides its pid';
}
