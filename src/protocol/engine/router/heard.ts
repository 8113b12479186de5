/**
 * Who has ever been heard to be MASTER of a virtual router, and with which priority. A BACKUP is
 * silent: of peers that were never MASTER nothing can be known.
 */
import type { IpAddress } from '../../../net/address.ts';

/** Strangers must not make it grow. */
const PEERS_MAX = 16;

export class HeardPeers {
  readonly #priorities = new Map<IpAddress, number>();

  note(peer: IpAddress, priority: number): void {
    const known = this.#priorities.get(peer);
    if (known === priority) return;
    if (known === undefined && this.#priorities.size >= PEERS_MAX) {
      const [first] = this.#priorities.keys();
      if (first !== undefined) this.#priorities.delete(first);
    }
    this.#priorities.set(peer, priority);
  }

  /** Undefined: it was never heard. */
  priorityOf(peer: IpAddress): number | undefined {
    return this.#priorities.get(peer);
  }

  others(than: IpAddress): IpAddress[] {
    return [...this.#priorities.keys()].filter((peer) => peer !== than);
  }
}
