/**
 * The peers that have been heard as MASTER of a virtual router, with their last priority, and when. A BACKUP is
 * silent: nothing is known about a peer that has never been MASTER.
 */
import type { IpAddress } from '../../../net/address.ts';
import { type Instant, LONG_AGO } from '../../../net/time.ts';

/** Bounded: unknown senders must not grow it. */
const PEERS_MAX = 16;

interface Heard {
  readonly priority: number;
  readonly at: Instant;
}

export class HeardPeers {
  readonly #heard = new Map<IpAddress, Heard>();

  record(peer: IpAddress, priority: number, at: Instant): void {
    if (!this.#heard.has(peer) && this.#heard.size >= PEERS_MAX) {
      const [first] = this.#heard.keys();
      if (first !== undefined) this.#heard.delete(first);
    }
    this.#heard.set(peer, { priority, at });
  }

  /** Undefined if the peer was never heard. */
  priorityOf(peer: IpAddress): number | undefined {
    return this.#heard.get(peer)?.priority;
  }

  /** Of the last advertisement; those that take the shortcut of `Reception` do not count. */
  lastAt(peer: IpAddress): Instant {
    return this.#heard.get(peer)?.at ?? LONG_AGO;
  }

  others(than: IpAddress): IpAddress[] {
    return [...this.#heard.keys()].filter((peer) => peer !== than);
  }
}
