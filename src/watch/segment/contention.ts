/** Whether several senders hold on to one virtual router, as opposed to one following another. */
import type { IpAddress } from '../../net/address.ts';
import type { Instant } from '../../net/time.ts';

/**
 * How often the word has to go from one to another. A take-over is one change of speaker; three are
 * seen when the last advertisement of the old MASTER crosses the first one of the new on the wire.
 */
const CHANGES_LEAST = 4;

/** Whoever forges more than these has made the point. */
const MASTERS_MAX = 16;

export class Contention {
  /** Until when each sender counts as MASTER. */
  readonly #masters = new Map<IpAddress, Instant>();
  #speaker: IpAddress | undefined;
  #changes = 0;

  /** An advertisement that keeps its sender MASTER until `silentFrom`. */
  advertised(source: IpAddress, at: Instant, silentFrom: Instant): void {
    this.#forget(at);
    if (this.#masters.size >= MASTERS_MAX && !this.#masters.has(source)) return;
    this.#masters.set(source, silentFrom);
    if (this.#masters.size === 1) this.#changes = 0;
    else if (this.#speaker !== source) this.#changes += 1;
    this.#speaker = source;
  }

  resigned(source: IpAddress): void {
    this.#masters.delete(source);
  }

  /** Those who are MASTER side by side; none or at least two. */
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
