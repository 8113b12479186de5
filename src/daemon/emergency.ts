/**
 * Lets go of everything when the protocol thread cannot: priority 0 for every router that was
 * MASTER, then routes, rules and VIPs are removed, so that the peer takes over within Skew_Time instead of
 * finding a second holder.
 */

import type { PacketPort, RoutePort } from '../kernel/ports.ts';
import type { AddressChange } from '../net/link.ts';
import { isOwner } from '../net/vrrp.ts';
import { formsOn } from '../protocol/engine/addresses/managed-address.ts';
import { VirtualAddresses } from '../protocol/engine/addresses/virtual-addresses.ts';
import { sourceOf } from '../protocol/engine/groups/faults.ts';
import { LinkTable } from '../protocol/engine/links.ts';
import { VirtualRouter } from '../protocol/engine/router/virtual-router.ts';
import type { Settings } from '../protocol/engine/settings.ts';

export interface Emergency {
  readonly settings: Settings;
  /** Names of the routers that were MASTER when last heard of. */
  readonly masters: ReadonlySet<string>;
  readonly packets: Pick<PacketPort, 'sendDatagrams'>;
  readonly routes: Pick<RoutePort, 'snapshot' | 'changeKernel' | 'clearRouting'>;
}

/** Returns how many VIPs were removed. Throws `KernelError` when the kernel cannot be asked. */
export function letGo({ settings, masters, packets, routes }: Emergency): number {
  const links = new LinkTable();
  links.replace(routes.snapshot());
  const removals: AddressChange[] = [];
  const routers = settings.instances.map((instance, at) => new VirtualRouter(instance, at));
  const virtual = new VirtualAddresses(routers.flatMap(({ addresses }) => addresses));
  for (const router of routers) {
    const instance = router.settings;
    const link = links.byName(instance.interface);
    router.place(link, sourceOf(router, link, virtual));
    if (masters.has(instance.name)) packets.sendDatagrams(router.resignations());
    for (const vip of router.addresses) {
      const holder = links.byName(vip.interface);
      if (holder === undefined) continue;
      for (const { address, prefixLength, ours } of formsOn(holder, vip)) {
        if (isOwner(instance.priority) && !ours) continue;
        const { index } = holder.attributes;
        removals.push({ operation: 'remove', index, address, prefixLength });
      }
    }
  }
  routes.clearRouting();
  if (removals.length === 0) return 0;
  return routes.changeKernel(removals).filter(({ errno }) => errno === 0).length;
}
