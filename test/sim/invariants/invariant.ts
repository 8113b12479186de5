/** What must hold after every step of every run. One checker lives as long as its run. */
import type { Host } from '../host.ts';
import type { World } from '../world.ts';

export interface Invariant {
  readonly name: string;
  /** After each step; answers what is wrong. */
  check(world: World): string | undefined;
  /** A packet leaves a host. */
  sent?(world: World, host: Host, packet: Uint8Array): string | undefined;
  /** A frame that announces a VIP leaves a host. */
  announced?(world: World, host: Host, frame: Uint8Array): string | undefined;
}

/** How long a condition has held without a break. */
export class Lasting {
  readonly #since = new Map<string, number>();

  clear(): void {
    this.#since.clear();
  }

  /** Starts, goes on or ends; answers for how many microseconds it has held by now. */
  note(key: string, holds: boolean, now: number, disturbedAt: number): number {
    if (!holds) {
      this.#since.delete(key);
      return 0;
    }
    const since = Math.max(this.#since.get(key) ?? now, disturbedAt);
    this.#since.set(key, since);
    return now - since;
  }
}
