/** A VRRP implementation that runs on a director of the lab, whatever its make. */
import { LabError } from '../command.ts';
import type { LabHost } from '../topology/layout.ts';
import { isRunning, type LabProcess, waitUntilGone } from '../topology/processes.ts';

const ENDS_WITHIN_MILLISECONDS = 20_000;

export class Peer {
  readonly host: LabHost;
  /** In the order they were started. */
  readonly #processes: readonly LabProcess[];

  constructor(host: LabHost, processes: readonly LabProcess[]) {
    this.host = host;
    this.#processes = processes;
  }

  get running(): boolean {
    return this.#processes.some(({ identity }) => isRunning(identity));
  }

  /** Resolves once it takes part: from then on it hears what is said to it. */
  ready(): Promise<void> {
    return Promise.resolve();
  }

  /** As an operator stops it: it may say good-bye and clean up. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** As a crash ends it: addresses stay where they are. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** As a virtual machine is paused: no timer runs, packets queue. */
  freeze(): void {
    for (const process of this.#processes) process.signal('SIGSTOP');
  }

  thaw(): void {
    for (const process of this.#processes) process.signal('SIGCONT');
  }

  /** To the process that was started first, and its group. */
  signal(name: NodeJS.Signals): void {
    this.#processes[0]?.signal(name);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    for (const process of this.#processes.toReversed()) {
      process.signal(signal);
      if (await waitUntilGone([process.identity], ENDS_WITHIN_MILLISECONDS)) continue;
      const { pid, label } = process.identity;
      throw new LabError('not-ready', `${label} (pid ${pid}) does not end after ${signal}`);
    }
  }
}
