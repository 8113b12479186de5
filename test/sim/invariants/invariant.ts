/** What must hold after every step of every run. One checker lives as long as its run. */
import type { Host } from '../host.ts';
import type { World } from '../world.ts';

export interface Invariant {
  readonly name: string;
  /** After each step; answers what is wrong. */
  check(world: World): string | undefined;
  /** A packet leaves a host. */
  sent?(world: World, host: Host, packet: Uint8Array): string | undefined;
  /** An advertisement leaves a host in a frame that was made for it. */
  framed?(world: World, host: Host, frame: Uint8Array, priority: number): string | undefined;
  /** A frame that announces a VIP leaves a host. */
  announced?(world: World, host: Host, frame: Uint8Array): string | undefined;
}

/** How long conditions have held without a break. */
export class Lasting {
  readonly #held = new Map<string, { since: number; round: number }>();
  #round = 0;

  /** A new step: conditions that are not noted in it have ended. */
  begin(): void {
    this.#round++;
  }

  /** The condition holds in this step; answers for how many microseconds it has. */
  note(key: string, now: number, disturbedAt: number): number {
    const held = this.#held.get(key);
    if (held === undefined || held.round < this.#round - 1) {
      this.#held.set(key, { since: now, round: this.#round });
      return 0;
    }
    held.round = this.#round;
    held.since = Math.max(held.since, disturbedAt);
    return now - held.since;
  }
}
