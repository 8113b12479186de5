/**
 * Creates links for virtual MACs and sets them down, as the main thread does for the process of one
 * host: with a delay, and not at all once the process has ended.
 */
import type { Input } from '../../src/protocol/engine/inputs.ts';
import type { Settings } from '../../src/protocol/engine/settings.ts';
import type { VirtualLinkRequest } from '../../src/protocol/thread/loop.ts';
import type { Clock } from './clock.ts';
import type { SimKernel } from './kernel.ts';
import type { Random } from './random.ts';

/** The kernel takes up to 15 ms. */
export const SLOWEST = 15_000;

export class SimVirtualLinks {
  readonly #settings: Settings;
  readonly #kernel: SimKernel;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(settings: Settings, kernel: SimKernel, clock: Clock, random: Random) {
    this.#settings = settings;
    this.#kernel = kernel;
    this.#clock = clock;
    this.#random = random;
  }

  /** Before a start: creates missing links, and sets down those of an earlier run unless they stay in use. */
  prepare(staysUp: boolean): void {
    for (const name of this.#names()) {
      if (!staysUp) this.#kernel.setDown(name);
      this.#make(name);
    }
  }

  /** After a stop. */
  removeAll(): void {
    for (const name of this.#names()) this.#kernel.removeLink(name);
  }

  answer({ kind, name }: VirtualLinkRequest, feed: (input: Input) => void): void {
    this.#clock.after(this.#random.integer(100, SLOWEST), () => {
      if (kind === 'virtual-link.set-down') {
        this.#kernel.setDown(name);
        feed({ kind: 'virtual-link.down', name });
      } else if (!this.#make(name)) {
        feed({ kind: 'virtual-link.failed', name, message: 'there is no interface' });
      }
    });
  }

  #names(): string[] {
    return this.#settings.instances.flatMap(({ virtualMac }) => virtualMac?.interface ?? []);
  }

  #make(name: string): boolean {
    const owner = this.#settings.instances.find((one) => one.virtualMac?.interface === name);
    if (owner?.virtualMac === undefined) return false;
    return this.#kernel.createMacvlan(name, owner.interface, owner.virtualMac.mac);
  }
}
