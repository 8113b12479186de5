/** What the agents themselves say of their states, for as long as they can be asked. */
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

export class StateFollower {
  readonly changes: StateChange[] = [];

  /** Goes on until the agent ends; to be called again for the next one. */
  follow(node: string, socket: string): void {
    void this.#read(node, socket);
  }

  /** What the instances were told to have done has been heard of. */
  hasHeardOf(node: string, instances: readonly InstanceDocument[]): boolean {
    return instances.every(({ name, last_transition }) => {
      if (last_transition === null) return true;
      const last = this.changes.findLast((one) => one.node === node && one.instance === name);
      return last !== undefined && last.at >= Date.parse(last_transition.at) * 1_000;
    });
  }

  async #read(node: string, socket: string): Promise<void> {
    try {
      const client = new ControlClient({ socket, isBackground: true });
      await this.#begin(node, client);
      for await (const event of client.follow()) this.#take(node, event);
    } catch {
      // It was killed, or the lab is gone; what it has said is kept.
    }
  }

  /** What it was before its first transition: the start itself is none. */
  async #begin(node: string, client: ControlClient): Promise<void> {
    const { instances } = await client.status();
    for (const { name, state, since, last_transition } of instances) {
      if (last_transition !== null || state === 'INIT') continue;
      const at = Date.parse(since) * 1_000;
      this.changes.push({ at, node, instance: name, from: 'INIT', to: state, reason: '' });
    }
  }

  #take(node: string, event: EventDocument): void {
    if (event.kind !== 'transition') return;
    const { instance, from, to, reason } = event;
    this.changes.push({ at: Date.parse(event.at) * 1_000, node, instance, from, to, reason });
  }
}
