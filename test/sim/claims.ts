/** ARP and ND of hosts outside the group, as the process of one host hears them. */
import type { ClaimPort } from '../../src/kernel/ports.ts';
import type { IpAddress } from '../../src/net/address.ts';
import type { AddressClaim } from '../../src/net/link.ts';
import type { SimKernel } from './kernel.ts';

export class SimClaims implements ClaimPort {
  readonly #kernel: SimKernel;
  /** Called when a claim waits. */
  readonly #readable: () => void;
  readonly #watched = new Map<number, ReadonlySet<IpAddress>>();
  #claims: AddressClaim[] = [];
  /** A claim has arrived: a MASTER that has heard no router then advertises in both forms of the checksum. */
  hasArrived = false;

  constructor(kernel: SimKernel, readable: () => void) {
    this.#kernel = kernel;
    this.#readable = readable;
  }

  get waiting(): number {
    return this.#claims.length;
  }

  /** A frame that claims the address arrives on the link. */
  arrive({ index, address, mac }: AddressClaim): void {
    if (this.#kernel.byIndex(index)?.attributes.running !== true) return;
    if (this.#watched.get(index)?.has(address) !== true) return;
    this.hasArrived = true;
    this.#claims.push({ index, address, mac });
    this.#readable();
  }

  watch(index: number, addresses: readonly IpAddress[]): void {
    this.#watched.set(index, new Set(addresses));
  }

  drain(limit: number, sink: (claim: AddressClaim) => void): void {
    for (const claim of this.#claims.splice(0, limit)) sink(claim);
  }

  close(): void {
    this.#watched.clear();
    this.#claims = [];
  }
}
