/**
 * Does what a dead protocol thread cannot: sends priority 0 for every router that was MASTER, then
 * removes routes, rules and VIPs, so that the peer takes over within Skew_Time and is the only holder.
 */
import type { PacketPort, RoutePort } from '../kernel/ports.ts';
import type { AddressChange } from '../net/link.ts';
import { ownFormsOn } from '../protocol/engine/addresses/managed-address.ts';
import { VirtualAddresses } from '../protocol/engine/addresses/virtual-addresses.ts';
import { sourceOf } from '../protocol/engine/groups/faults.ts';
import { LinkTable } from '../protocol/engine/links.ts';
import { VirtualRouter } from '../protocol/engine/router/virtual-router.ts';
import type { Settings } from '../protocol/engine/settings.ts';

interface Emergency {
  readonly settings: Settings;
  /** Names of the routers whose last known state is MASTER. */
  readonly masters: ReadonlySet<string>;
  readonly packets: Pick<PacketPort, 'sendDatagrams'>;
  readonly routes: Pick<RoutePort, 'snapshot' | 'changeKernel' | 'clearRouting'>;
}

/** Returns how many VIPs were removed. Throws `KernelError`. */
export function emergencyRelease({ settings, masters, packets, routes }: Emergency): number {
  const links = new LinkTable();
  links.replace(routes.snapshot().links);
  const removals: AddressChange[] = [];
  const routers = settings.instances.map((instance, at) => new VirtualRouter(instance, at));
  const virtual = new VirtualAddresses(routers.flatMap(({ addresses }) => addresses));
  for (const router of routers) {
    const instance = router.settings;
    const link = links.byName(instance.interface);
    router.place(link, sourceOf(router, link, virtual, links), links);
    if (masters.has(instance.name)) packets.sendDatagrams(router.resignations());
    for (const vip of router.addresses) {
      const holder = links.byName(vip.interface);
      if (holder === undefined) continue;
      for (const { address, prefixLength } of ownFormsOn(holder, vip)) {
        const { index } = holder.attributes;
        removals.push({ operation: 'remove', index, address, prefixLength });
      }
    }
  }
  routes.clearRouting();
  if (removals.length === 0) return 0;
  return routes.changeKernel(removals).filter(({ errno }) => errno === 0).length;
}
