/** Detects several MASTERs of one virtual router, as opposed to one taking over from another. */
import type { IpAddress } from '../../net/address.ts';
import type { Instant } from '../../net/time.ts';

/**
 * How often the sender must change. A takeover is one change of sender, or three if the last
 * advertisement of the old MASTER crosses the first one of the new MASTER on the wire.
 */
const CHANGES_LEAST = 4;

/** Bounded: forged senders must not grow it. */
const MASTERS_MAX = 16;

export class Contention {
  /** When each sender stops counting as MASTER, unless it advertises again. */
  readonly #masters = new Map<IpAddress, Instant>();
  #lastSender: IpAddress | undefined;
  #changes = 0;

  /** An advertisement that keeps its sender MASTER until `silentFrom`. */
  advertised(source: IpAddress, at: Instant, silentFrom: Instant): void {
    this.#forget(at);
    if (this.#masters.size >= MASTERS_MAX && !this.#masters.has(source)) return;
    this.#masters.set(source, silentFrom);
    if (this.#masters.size === 1) this.#changes = 0;
    else if (this.#lastSender !== source) this.#changes += 1;
    this.#lastSender = source;
  }

  resigned(source: IpAddress): void {
    this.#masters.delete(source);
  }

  /** Senders that are MASTER at the same time: none, or at least two. */
  contenders(now: Instant): IpAddress[] {
    this.#forget(now);
    const masters = [...this.#masters.keys()];
    return masters.length > 1 && this.#changes >= CHANGES_LEAST ? masters.sort() : [];
  }

  #forget(now: Instant): void {
    for (const [source, silentFrom] of this.#masters) {
      if (silentFrom <= now) this.#masters.delete(source);
    }
  }
}
