/**
 * What the effective priority of a virtual router is made of: the one of the file, or the one that
 * somebody set in its place, and what tracked things add or take away. `Transitions.reprioritize`
 * puts it into force.
 */
import { isOwner } from '../../../net/vrrp.ts';

/** What is left to a router that does not own the addresses; 0 says that it resigns. */
const LOWEST = 1;
const HIGHEST = 254;

export class Priority {
  #configured: number;
  #override: number | undefined;
  readonly #adjustments = new Map<string, number>();

  constructor(configured: number) {
    this.#configured = configured;
  }

  /** That of the file. */
  get configured(): number {
    return this.#configured;
  }

  /** Set at run time in place of the configured one. */
  get override(): number | undefined {
    return this.#override;
  }

  /** What is advertised: 1..254, or 255 for the owner. */
  get effective(): number {
    // The owner's stays what it is (RFC 9568 section 5.2.4).
    if (isOwner(this.#configured)) return this.#configured;
    let sum = this.#override ?? this.#configured;
    for (const by of this.#adjustments.values()) sum += by;
    return Math.min(HIGHEST, Math.max(LOWEST, sum));
  }

  /** The file says another one. */
  configure(priority: number): void {
    this.#configured = priority;
  }

  /** Undefined: the configured one counts again. */
  setOverride(priority: number | undefined): void {
    this.#override = priority;
  }

  /** What one tracked thing adds or takes away from now on, in place of what it did before. */
  adjust(name: string, by: number): void {
    if (by === 0) this.#adjustments.delete(name);
    else this.#adjustments.set(name, by);
  }

  /** What is added or taken away now, by the name of the tracked thing. */
  get adjustments(): ReadonlyMap<string, number> {
    return this.#adjustments;
  }
}
