/** State changes and events as the agents report them, for as long as they answer. */
import { ControlClient } from '../../control/client.ts';
import type { EventDocument, InstanceDocument } from '../../control/protocol.ts';

export interface StateChange {
  readonly at: number;
  readonly node: string;
  readonly instance: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export interface ReportedEvent {
  readonly at: number;
  readonly node: string;
  readonly kind: string;
}

export class StateFollower {
  readonly changes: StateChange[] = [];
  readonly events: ReportedEvent[] = [];

  /** Follows until the agent ends; call it again after a restart. */
  follow(node: string, socket: string): void {
    void this.#read(node, socket);
  }

  /** True once every last transition in this status has also arrived as an event. */
  isCurrent(node: string, instances: readonly InstanceDocument[]): boolean {
    return instances.every(({ name, last_transition }) => {
      if (last_transition === null) return true;
      const last = this.changes.findLast((one) => one.node === node && one.instance === name);
      return last !== undefined && last.at >= Date.parse(last_transition.at) * 1_000;
    });
  }

  async #read(node: string, socket: string): Promise<void> {
    try {
      const client = new ControlClient({ socket, isBackground: true });
      await this.#readInitialStates(node, client);
      for await (const event of client.follow()) this.#record(node, event);
    } catch {
      // The agent or the lab is gone; changes reported so far stay.
    }
  }

  /** Instances without a transition yet: leaving INIT is not reported as one. */
  async #readInitialStates(node: string, client: ControlClient): Promise<void> {
    const { instances } = await client.status();
    for (const { name, state, since, last_transition } of instances) {
      if (last_transition !== null || state === 'INIT') continue;
      const at = Date.parse(since) * 1_000;
      this.changes.push({ at, node, instance: name, from: 'INIT', to: state, reason: '' });
    }
  }

  #record(node: string, event: EventDocument): void {
    const at = Date.parse(event.at) * 1_000;
    this.events.push({ at, node, kind: event.kind });
    if (event.kind !== 'transition') return;
    const { instance, from, to, reason } = event;
    this.changes.push({ at, node, instance, from, to, reason });
  }
}
