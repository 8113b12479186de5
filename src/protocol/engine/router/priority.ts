/**
 * The effective priority of a virtual router: the configured one or an operator's override, plus the
 * adjustments of tracked objects. `Transitions.reprioritize` applies it.
 */
import { isOwner } from '../../../net/vrrp.ts';

/** The range of a router that does not own the addresses; 0 means that it resigns. */
const LOWEST = 1;
const HIGHEST = 254;

export class Priority {
  #configured: number;
  #override: number | undefined;
  readonly #adjustments = new Map<string, number>();

  constructor(configured: number) {
    this.#configured = configured;
  }

  get configured(): number {
    return this.#configured;
  }

  /** Set at run time by an operator. */
  get override(): number | undefined {
    return this.#override;
  }

  /** As advertised: 1..254, or 255 for the owner. */
  get effective(): number {
    // The owner's priority is fixed (RFC 9568 section 5.2.4).
    if (isOwner(this.#configured)) return this.#configured;
    let sum = this.#override ?? this.#configured;
    for (const by of this.#adjustments.values()) sum += by;
    return Math.min(HIGHEST, Math.max(LOWEST, sum));
  }

  configure(priority: number): void {
    this.#configured = priority;
  }

  /** Undefined ends the override. */
  setOverride(priority: number | undefined): void {
    this.#override = priority;
  }

  /** Replaces the adjustment by the tracked object of that name. */
  adjust(name: string, by: number): void {
    if (by === 0) this.#adjustments.delete(name);
    else this.#adjustments.set(name, by);
  }

  /** Adjustments by the name of the tracked object. */
  get adjustments(): ReadonlyMap<string, number> {
    return this.#adjustments;
  }
}
