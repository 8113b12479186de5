/**
 * The peers that have been heard as MASTER of a virtual router, with their last priority. A BACKUP is
 * silent: nothing is known about a peer that has never been MASTER.
 */
import type { IpAddress } from '../../../net/address.ts';

/** Bounded: unknown senders must not grow it. */
const PEERS_MAX = 16;

export class HeardPeers {
  readonly #priorities = new Map<IpAddress, number>();

  record(peer: IpAddress, priority: number): void {
    const known = this.#priorities.get(peer);
    if (known === priority) return;
    if (known === undefined && this.#priorities.size >= PEERS_MAX) {
      const [first] = this.#priorities.keys();
      if (first !== undefined) this.#priorities.delete(first);
    }
    this.#priorities.set(peer, priority);
  }

  /** Undefined if the peer was never heard. */
  priorityOf(peer: IpAddress): number | undefined {
    return this.#priorities.get(peer);
  }

  others(than: IpAddress): IpAddress[] {
    return [...this.#priorities.keys()].filter((peer) => peer !== than);
  }
}
