/**
 * When each flow of UDP was first seen in the connection table. The kernel sends a flow to the other
 * directors once it has enough packets (`sync_threshold`), so it never sends those of a single datagram,
 * which are most of them. Such flows are worth sending only to a director that has just arrived.
 */
import type { Instant } from '../../net/time.ts';

export class FlowAges {
  /** By the number of the flow. */
  #known: ReadonlyMap<number, Instant> = new Map();
  #reading = new Map<number, Instant>();

  /** A flow of the reading that is under way; returns when it was first seen. */
  see(flow: number, now: Instant): Instant {
    const since = this.#known.get(flow) ?? now;
    this.#reading.set(flow, since);
    return since;
  }

  /** Undefined: the last whole reading did not have it. */
  since(flow: number): Instant | undefined {
    return this.#known.get(flow);
  }

  /** Ends a reading. One that was given up has not seen every flow, and changes nothing. */
  end(isWhole: boolean): void {
    if (isWhole) this.#known = this.#reading;
    this.#reading = new Map();
  }
}
