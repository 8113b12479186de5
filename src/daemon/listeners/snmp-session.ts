/** Keeps the SNMP subagent that the configuration names, and loads its modules with the first one. */
import { SerialQueue } from '../../async/serial-queue.ts';
import type { EventFacts } from '../../control/protocol.ts';
import type { AgentModel } from '../../observe/model.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import type { AgentSnmp } from './snmp.ts';

interface SnmpSessionOptions {
  readonly model: Pick<AgentModel, 'status' | 'instance' | 'subscribe'>;
  readonly instances: () => readonly InstanceSettings[];
  readonly record: (facts: EventFacts) => void;
}

export class SnmpSession {
  readonly #options: SnmpSessionOptions;
  readonly #moves = new SerialQueue();
  #master: string | undefined;
  #snmp: AgentSnmp | undefined;
  #isClosed = false;

  constructor(options: SnmpSessionOptions) {
    this.#options = options;
  }

  /** `master`: path of the AgentX socket; undefined: none. Never rejects. */
  follow(master: string | undefined): Promise<void> {
    return this.#moves.run(() => this.#follow(master));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#moves.idle();
    this.#snmp?.close();
  }

  async #follow(master: string | undefined): Promise<void> {
    if (master === this.#master || this.#isClosed) return;
    this.#snmp?.close();
    this.#snmp = undefined;
    this.#master = master;
    if (master === undefined) return;
    const { AgentSnmp: Snmp } = await import('./snmp.ts');
    if (!this.#isClosed) this.#snmp = new Snmp({ ...this.#options, master });
  }
}
