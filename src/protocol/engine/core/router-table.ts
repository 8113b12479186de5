/**
 * The virtual routers of the agent. Each has a position for as long as it exists, the index of its
 * timers and counters. Positions are reused, the longest unused first.
 */
import type { IpAddress } from '../../../net/address.ts';
import { VirtualAddresses } from '../addresses/virtual-addresses.ts';
import { VirtualRouter } from '../router/virtual-router.ts';
import type { InstanceSettings } from '../settings.ts';

const NO_ADDRESSES = new VirtualAddresses();

export class RouterTable {
  readonly #positions: (VirtualRouter | undefined)[] = [];
  readonly #free: number[] = [];
  #routers: readonly VirtualRouter[] = [];
  /** The first one of each name: a reload may replace a router by another one. */
  #byName = new Map<string, VirtualRouter>();
  /** VIPs of all routers by interface name. */
  #virtual = new Map<string, VirtualAddresses>();
  /** Routers by the name of their virtual link. */
  #linkOwners = new Map<string, VirtualRouter>();
  #addressOwners = new Map<IpAddress, VirtualRouter>();

  constructor(instances: readonly InstanceSettings[]) {
    for (const instance of instances) this.#place(instance);
    this.update();
  }

  /** In the order of their positions. */
  get all(): readonly VirtualRouter[] {
    return this.#routers;
  }

  /** Greater than every position. */
  get size(): number {
    return this.#positions.length;
  }

  at(position: number): VirtualRouter | undefined {
    return this.#positions[position];
  }

  named(name: string): VirtualRouter | undefined {
    return this.#byName.get(name);
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

  virtualOn(name: string): VirtualAddresses {
    return this.#virtual.get(name) ?? NO_ADDRESSES;
  }

  /** The router that the virtual link belongs to. */
  ownerOf(link: string): VirtualRouter | undefined {
    return this.#linkOwners.get(link);
  }

  /** The router that has the address among its VIPs, on whatever interface; the last of several. */
  ownerOfAddress(address: IpAddress): VirtualRouter | undefined {
    return this.#addressOwners.get(address);
  }

  /** Must follow every change of the routers or of their addresses. */
  update(): void {
    this.#routers = this.#positions.filter((router) => router !== undefined);
    this.#byName = new Map(this.#routers.toReversed().map((one) => [one.settings.name, one]));
    this.#virtual = new Map();
    this.#linkOwners = new Map();
    this.#addressOwners = new Map();
    for (const router of this.#routers) {
      const { virtualMac } = router.settings;
      if (virtualMac !== undefined) this.#linkOwners.set(virtualMac.interface, router);
      for (const address of router.addresses) {
        this.#addressOwners.set(address.address, router);
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
