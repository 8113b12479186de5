/**
 * One agent for each network namespace: two would remove each other's addresses, routes and links. They
 * need not share a file, so a lock file does not help: containers on the host network have their own.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isSetUserId, mayChangeNetwork } from '../kernel/capability/capabilities.ts';
import type { PeerCredentials } from '../kernel/ffi/peer-credentials.ts';
import {
  type NameAttempt,
  type NameHolder,
  NamespaceName,
} from '../kernel/namespace-name/namespace-name.ts';

const NAME = 'vrrp-agent';

/**
 * A successor has this name until it has the other one, which is free for a moment when its predecessor has
 * committed: another agent that starts just then would get it, and run beside the successor.
 */
const SUCCESSOR_NAME = 'vrrp-agent-successor';

/** A predecessor that has committed frees the name, or has died and is about to. */
const ATTEMPTS = 40;
const PAUSE_MS = 50;

/** An agent that has just bound the name, or is busy, accepts connections within this time. */
const DEAF_ATTEMPTS = 5;

type Acquire = (name: string) => NameAttempt;

export class SoleAgent {
  readonly #logger: Logger;
  readonly #acquire: Acquire;
  #name: NamespaceName | undefined;
  #successorName: NamespaceName | undefined;
  #isReleased = false;

  constructor(logger: Logger, acquire: Acquire = NamespaceName.acquire) {
    this.#logger = logger;
    this.#acquire = acquire;
  }

  /** False: another agent runs in this network namespace, which has been logged. */
  async claim(): Promise<boolean> {
    const holder =
      (await this.#acquireWithin(DEAF_ATTEMPTS, (by) => by === 'deaf')) ?? this.#successor();
    if (holder === undefined) return true;
    this.release();
    this.#logger.fatal({ code: 'agent-running', ...pidOf(holder) }, runningMessage(holder));
    return false;
  }

  /** Before the predecessor commits. Another agent that looks has the name for less than a moment. */
  async announce(): Promise<void> {
    for (let attempt = 1; attempt <= DEAF_ATTEMPTS; attempt++) {
      const found = this.#tryName(SUCCESSOR_NAME);
      if (found?.held === true) this.#successorName = found.name;
      if (found?.held !== false) return;
      await sleep(PAUSE_MS);
    }
  }

  /** The predecessor has committed: this process continues even if it does not get the name. */
  async inherit(): Promise<void> {
    const holder = await this.#acquireWithin(ATTEMPTS, () => true);
    this.#successorName?.release();
    if (holder === undefined) return;
    this.#logger.error({ code: 'agent-running', ...pidOf(holder) }, runningMessage(holder));
  }

  /** For the successor, or at the end, when this process has released everything. */
  release(): void {
    this.#isReleased = true;
    for (const name of [this.#name, this.#successorName]) name?.release();
    this.#name = undefined;
    this.#successorName = undefined;
  }

  /** Undefined: no other agent runs here, as far as that can be found out, or this one has ended. */
  async #acquireWithin(
    attempts: number,
    isWorthWaiting: (holder: NameHolder) => boolean,
  ): Promise<NameHolder | undefined> {
    for (let attempt = 1; !this.#isReleased; attempt++) {
      const holder = this.#attempt();
      if (holder === undefined) return undefined;
      if (attempt >= attempts || !isWorthWaiting(holder)) return this.#unlessDeaf(holder);
      await sleep(PAUSE_MS);
    }
    return undefined;
  }

  /** Undefined: no other agent runs here. */
  #attempt(): NameHolder | undefined {
    const attempt = this.#tryName(NAME);
    if (attempt?.held === false) return this.#unlessStranger(attempt.by);
    this.#name = attempt?.name;
    return undefined;
  }

  /** The process that is about to get the name that its predecessor has freed; undefined: none is. */
  #successor(): NameHolder | undefined {
    if (this.#name === undefined) return undefined;
    const attempt = this.#tryName(SUCCESSOR_NAME);
    if (attempt?.held === false) {
      const { by } = attempt;
      return typeof by !== 'string' && mayBeAgent(by) ? by : undefined;
    }
    attempt?.name.release();
    return undefined;
  }

  /** Undefined: the kernel refuses, which has been logged. */
  #tryName(name: string): NameAttempt | undefined {
    try {
      return this.#acquire(name);
    } catch (error) {
      this.#logger.warn(
        { code: 'agent-name-failed', err: error },
        'a second agent in this network namespace would not be noticed',
      );
      return undefined;
    }
  }

  /** Any local user can take the name, and must not keep an agent from starting. */
  #unlessStranger(by: NameHolder): NameHolder | undefined {
    if (typeof by === 'string' || mayBeAgent(by)) return by;
    this.#warnOfHolder(`process ${by.pid} of uid ${by.uid}`, by);
    return undefined;
  }

  #unlessDeaf(by: NameHolder): NameHolder | undefined {
    if (by !== 'deaf') return by;
    this.#warnOfHolder('a process that accepts no connection (`ss -xap` may show it)', {});
    return undefined;
  }

  #warnOfHolder(holder: string, fields: Partial<PeerCredentials>): void {
    this.#logger.warn(
      { code: 'agent-name-taken', ...fields },
      `${holder} holds the name @${NAME} and is no agent: ` +
        'end it; until then a second agent in this network namespace is not noticed',
    );
  }
}

/** No agent is a set-user-ID program, but any user may have such a program listen for a name. */
function mayBeAgent({ pid, uid }: PeerCredentials): boolean {
  if (isSetUserId(pid)) return false;
  return uid === 0 || uid === process.geteuid?.() || mayChangeNetwork(pid);
}

function runningMessage(holder: NameHolder): string {
  return (
    `an agent already runs in this network namespace (${whereIs(pidOf(holder).pid)}): ` +
    whatToDo(unitOf(pidOf(holder).pid))
  );
}

function whatToDo(unit: string | undefined): string {
  if (unit === undefined) return 'stop it, or replace it with `vrrp-agent run --takeover`';
  const replace = `systemctl kill --kill-whom=main --signal=SIGUSR2 ${unit}`;
  return `stop it with \`systemctl stop ${unit}\`, or replace it with \`${replace}\``;
}

/** `groups` is the text of /proc/PID/cgroup (cgroups(7)). */
export function serviceIn(groups: string): string | undefined {
  return /\/([^/\n]+\.service)$/m.exec(groups)?.[1];
}

/** The systemd service of a process, from its control group; undefined if it has none. */
function unitOf(pid: number | undefined): string | undefined {
  try {
    return serviceIn(readFileSync(`/proc/${pid}/cgroup`, 'utf8'));
  } catch {
    return undefined;
  }
}

function pidOf(holder: NameHolder): { readonly pid?: number } {
  return typeof holder === 'string' ? {} : { pid: holder.pid };
}

function whereIs(pid: number | undefined): string {
  if (pid === undefined) return 'pid unknown';
  return pid > 0 ? `pid ${pid}` : 'in another container, which hides its pid';
}
