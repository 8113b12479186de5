/** A VRRP program that runs on a director of the lab. */
import { LabError } from '../command.ts';
import type { LabHost } from '../topology/layout.ts';
import { isRunning, type LabProcess, waitUntilGone } from '../topology/processes.ts';

const ENDS_WITHIN_MILLISECONDS = 20_000;

export class Peer {
  readonly host: LabHost;
  /** In the order of their start. */
  readonly #processes: readonly LabProcess[];

  constructor(host: LabHost, processes: readonly LabProcess[]) {
    this.host = host;
    this.#processes = processes;
  }

  /** Of the first process. */
  get pid(): number | undefined {
    return this.#processes[0]?.identity.pid;
  }

  get running(): boolean {
    return this.#processes.some(({ identity }) => isRunning(identity));
  }

  /** Resolves once the program takes part in VRRP and receives packets. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** SIGTERM: the program may resign and clean up. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** SIGKILL: addresses stay. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** SIGSTOP, as in a paused virtual machine: no timer runs, packets queue. */
  freeze(): void {
    for (const process of this.#processes) process.signal('SIGSTOP');
  }

  thaw(): void {
    for (const process of this.#processes) process.signal('SIGCONT');
  }

  /** Signals the group of the first process. */
  signal(name: NodeJS.Signals): void {
    this.#processes[0]?.signal(name);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    for (const process of this.#processes.toReversed()) {
      process.signal(signal);
      if (await waitUntilGone([process.identity], ENDS_WITHIN_MILLISECONDS)) continue;
      const { pid, label } = process.identity;
      throw new LabError('not-ready', `${label} (pid ${pid}) still runs after ${signal}`);
    }
  }
}
