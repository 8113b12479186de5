/** What the protocol thread does in the last milliseconds before a take-over, so that it takes less. */
import type { Engine } from '../engine/engine.ts';
import type { Packets } from '../kernel/packet/packets.ts';
import type { RoutePort } from '../kernel/ports.ts';
import { type Family, ip } from '../net/address.ts';
import type { AddressChange } from '../net/link.ts';
import type { Rehearsal } from './approach.ts';
import { rehearse, rehearsedTakeOver } from './warm-up.ts';

/** The kernel refuses them, after going most of the way: nobody can have these addresses. */
const NOTHING_TO_REMOVE: { readonly [F in Family]: AddressChange } = {
  ipv4: { operation: 'remove', index: 1, address: ip('0.0.0.1'), prefixLength: 32 },
  ipv6: { operation: 'remove', index: 1, address: ip('::'), prefixLength: 128 },
};

const REFUSED_MAX = 32;

export class TakeOverRehearsal implements Rehearsal {
  readonly #engine: Pick<Engine, 'instances'>;
  readonly #routes: Pick<RoutePort, 'changeAddresses'>;
  readonly #packets: Pick<Packets, 'rehearse'>;
  #families = new Set<Family>();
  #takeOver = () => {};

  constructor(
    engine: Pick<Engine, 'instances'>,
    routes: Pick<RoutePort, 'changeAddresses'>,
    packets: Pick<Packets, 'rehearse'>,
  ) {
    this.#engine = engine;
    this.#routes = routes;
    this.#packets = packets;
  }

  whole(): void {
    const { instances } = this.#engine;
    this.#families = new Set(instances.map(({ family }) => family));
    this.#takeOver = rehearsedTakeOver(instances);
    rehearse(instances);
    this.#routes.changeAddresses(refused(instances.slice(0, REFUSED_MAX)));
  }

  brief(): void {
    this.#takeOver();
    this.#routes.changeAddresses(refused([...this.#families].map((family) => ({ family }))));
    this.#packets.rehearse(this.#families);
  }
}

function refused(routers: readonly { readonly family: Family }[]): AddressChange[] {
  return routers.map(({ family }) => NOTHING_TO_REMOVE[family]);
}
