/**
 * The virtual routers of the agent. Each has a position for as long as it exists: its place among
 * the timers, and its row of counters. Positions are given again, the longest unused first.
 */

import { VirtualAddresses } from './addresses/virtual-addresses.ts';
import { VirtualRouter } from './router/virtual-router.ts';
import type { InstanceSettings } from './settings.ts';

const NO_ADDRESSES = new VirtualAddresses();

export class RouterTable {
  readonly #positions: (VirtualRouter | undefined)[] = [];
  readonly #free: number[] = [];
  #routers: readonly VirtualRouter[] = [];
  /** VIPs of all routers by interface name: never a source address. */
  #virtual = new Map<string, VirtualAddresses>();
  /** By the name of the link that carries the virtual MAC. */
  #linkOwners = new Map<string, VirtualRouter>();

  constructor(instances: readonly InstanceSettings[]) {
    for (const instance of instances) this.#place(instance);
    this.update();
  }

  /** In the order of their positions. */
  get all(): readonly VirtualRouter[] {
    return this.#routers;
  }

  /** Every position is smaller. */
  get size(): number {
    return this.#positions.length;
  }

  at(position: number): VirtualRouter | undefined {
    return this.#positions[position];
  }

  add(settings: InstanceSettings): VirtualRouter {
    const router = this.#place(settings);
    this.update();
    return router;
  }

  remove(router: VirtualRouter): void {
    this.#positions[router.position] = undefined;
    this.#free.push(router.position);
    this.update();
  }

  /** The VIPs of all routers on one interface. */
  virtualOn(name: string): VirtualAddresses {
    return this.#virtual.get(name) ?? NO_ADDRESSES;
  }

  /** The router whose virtual MAC the link carries. */
  ownerOf(link: string): VirtualRouter | undefined {
    return this.#linkOwners.get(link);
  }

  /** Which routers there are, or their addresses, have changed. */
  update(): void {
    this.#routers = this.#positions.filter((router) => router !== undefined);
    this.#virtual = new Map();
    this.#linkOwners = new Map();
    for (const router of this.#routers) {
      const { virtualMac } = router.settings;
      if (virtualMac !== undefined) this.#linkOwners.set(virtualMac.interface, router);
      for (const address of router.addresses) {
        const known = this.#virtual.get(address.interface) ?? new VirtualAddresses();
        known.add(address);
        this.#virtual.set(address.interface, known);
      }
    }
  }

  #place(settings: InstanceSettings): VirtualRouter {
    const position = this.#free.shift() ?? this.#positions.length;
    const router = new VirtualRouter(settings, position);
    this.#positions[position] = router;
    return router;
  }
}
