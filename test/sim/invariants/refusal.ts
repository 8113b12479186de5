/**
 * A refused packet changes nothing but the problems in `status`: no state, no other field, no deadline. A
 * director all of whose routers authenticate refuses every packet that no peer has sent.
 */

import type { Instant } from '../../../src/net/time.ts';
import type { CounterTable } from '../../../src/protocol/engine/counters.ts';
import { Engine } from '../../../src/protocol/engine/engine.ts';
import type { Keyring } from '../../../src/protocol/engine/keyring.ts';
import type { Settings } from '../../../src/protocol/engine/settings.ts';

interface WatchedOptions {
  /** Packets that no peer has sent. */
  readonly damaged: WeakSet<Uint8Array>;
  readonly masterships: Float64Array;
  readonly keyring: Keyring;
  /** Whether all routers demand a signature now. */
  readonly isStrict: () => boolean;
}

/** Checks packets that no peer has sent. */
export class RefusalWatchingEngine extends Engine {
  readonly #counters: CounterTable;
  readonly #damaged: WeakSet<Uint8Array>;
  readonly #isStrict: () => boolean;
  readonly #routers: number;

  constructor(
    settings: Settings,
    counters: CounterTable,
    { damaged, masterships, keyring, isStrict }: WatchedOptions,
  ) {
    super(settings, counters, { masterships, keyring });
    this.#counters = counters;
    this.#damaged = damaged;
    this.#isStrict = isStrict;
    this.#routers = settings.instances.length;
  }

  override receive(index: number, packet: Uint8Array, length: number, now: Instant): void {
    if (!this.#damaged.has(packet)) {
      super.receive(index, packet, length, now);
      return;
    }
    const before = this.#picture();
    const accepted = this.#accepted();
    super.receive(index, packet, length, now);
    const isAccepted = this.#accepted() !== accepted;
    if (isAccepted && this.#isStrict()) {
      throw new Error('a packet is accepted although its sender has no key');
    }
    if (!isAccepted && this.#picture() !== before) {
      throw new Error('a refused packet changed the state of the router');
    }
  }

  #accepted(): number {
    let sum = 0;
    for (let row = 0; row <= this.#routers; row++) {
      sum += this.#counters.read(row, 'advertisement-rcvd');
    }
    return sum;
  }

  #picture(): string {
    const rows = this.view().map(({ problems: _, ...row }) => row);
    return JSON.stringify([rows, this.deadline()]);
  }
}
