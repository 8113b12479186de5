/** The SNMP subagent of a running agent. Loaded only if one is configured. */
import type { EventFacts } from '../../control/protocol.ts';
import { programVersion } from '../../files/package-files.ts';
import { linkIndex } from '../../kernel/link-index/link-index.ts';
import type { AgentModel } from '../../observe/model.ts';
import { Subagent } from '../../observe/snmp/subagent.ts';
import {
  type MibSource,
  mibObjects,
  notificationOf,
  ProtocolErrors,
  REFRESH_MS,
  VRRPV3_MIB,
} from '../../observe/snmp/vrrp-mib.ts';
import type { Binding } from '../../wire/agentx/value.ts';

interface AgentSnmpOptions {
  /** Path of the AgentX socket. */
  readonly master: string;
  readonly instances: MibSource['instances'];
  readonly model: Pick<AgentModel, 'status' | 'instance' | 'subscribe'>;
  readonly record: (facts: EventFacts) => void;
}

export class AgentSnmp {
  readonly #subagent: Subagent;
  readonly #source: MibSource;
  readonly #errors = new ProtocolErrors();
  readonly #unsubscribe: () => void;
  #objects: readonly Binding[] = [];
  #madeAt = Number.NEGATIVE_INFINITY;

  constructor({ master, instances, model, record }: AgentSnmpOptions) {
    this.#source = {
      status: () => model.status(),
      instance: (name) => model.instance(name),
      instances,
      linkIndex,
      now: () => new Date(),
    };
    this.#subagent = new Subagent({
      ...{ master, subtree: VRRPV3_MIB, objects: () => this.#current() },
      description: `vrrp-agent ${programVersion()}`,
      onState: (problem) => {
        if (problem === undefined) record({ kind: 'snmp-connected', master });
        else record({ kind: 'snmp-lost', master, detail: problem });
      },
    });
    this.#unsubscribe = model.subscribe((event) => {
      // An event comes before the row of the instance in the same message of the protocol thread.
      queueMicrotask(() => {
        const notification = notificationOf(event, this.#source, this.#errors);
        if (notification !== undefined) this.#subagent.notify(notification);
      });
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#subagent.close();
  }

  /** A walk asks thousands of times. */
  #current(): readonly Binding[] {
    const now = performance.now();
    if (now - this.#madeAt >= REFRESH_MS) {
      this.#objects = mibObjects(this.#source, this.#errors);
      this.#madeAt = now;
    }
    return this.#objects;
  }
}
