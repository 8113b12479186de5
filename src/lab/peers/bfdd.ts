/** FRRouting's bfdd as the router beside the directors, and what it says of its sessions. */

import type { Lab } from '../topology/lab.ts';
import type { LabHost } from '../topology/layout.ts';
import type { LabProcess } from '../topology/processes.ts';
import { startDaemons, vtysh } from './frr-daemons.ts';

/** A line of `peer`, and the lines below it. */
export interface BfddPeer {
  readonly peer: string;
  readonly lines?: readonly string[];
}

/** As `show bfd peers json` names them. */
interface BfddStatus {
  readonly peer: string;
  readonly multihop: boolean;
  readonly status: 'up' | 'down' | 'init' | 'shutdown';
  readonly diagnostic: string;
  readonly 'transmit-interval': number;
  readonly 'detect-multiplier': number;
  readonly 'remote-transmit-interval': number;
  readonly 'remote-receive-interval': number;
  readonly 'remote-detect-multiplier': number;
}

export class Bfdd {
  readonly #lab: Lab;
  readonly #host: LabHost;
  readonly #processes: readonly LabProcess[];

  private constructor(lab: Lab, host: LabHost, processes: readonly LabProcess[]) {
    this.#lab = lab;
    this.#host = host;
    this.#processes = processes;
  }

  static async start(lab: Lab, host: LabHost, peers: readonly BfddPeer[]): Promise<Bfdd> {
    const lines = peers.flatMap(({ peer, lines: own = [] }) => [
      ` peer ${peer}`,
      ...['receive-interval 50', 'transmit-interval 50', ...own].map((line) => `  ${line}`),
      '  no shutdown',
      ' !',
    ]);
    const processes = await startDaemons(lab, host, {
      zebra: `hostname ${host.name}\n`,
      bfdd: `${['bfd', ...lines, '!'].join('\n')}\n`,
    });
    return new Bfdd(lab, host, processes);
  }

  async sessions(): Promise<readonly BfddStatus[]> {
    return JSON.parse(await vtysh(this.#lab, this.#host, 'bfdd', 'show bfd peers json'));
  }

  configure(...commands: readonly string[]): Promise<string> {
    const directory = this.#lab.path(`${this.#host.name}-frr`);
    const all = ['configure terminal', 'bfd', ...commands].flatMap((one) => ['-c', one]);
    return this.#lab.run(this.#host, 'vtysh', ['--vty_socket', directory, '-d', 'bfdd', ...all]);
  }

  /** Without a word to its neighbours. */
  kill(): void {
    for (const one of this.#processes) one.signal('SIGKILL');
  }
}
