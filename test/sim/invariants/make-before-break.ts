/**
 * A planned failover that is not forced leaves no moment without a holder of the VIP, as long as
 * nothing else befalls the segment; and an instance in maintenance is never MASTER.
 */
import type { Host } from '../host.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';

export function makeBeforeBreak(): Invariant {
  return {
    name: 'make before break',
    check(world) {
      for (const { host, settings, view } of world.rows()) {
        if (view.maintenance && view.state === 'MASTER') {
          return `${host.name} is MASTER of ${settings.name} in maintenance`;
        }
      }
      for (const { instance, host, startedAt } of world.handOvers) {
        if (world.brokenAt > startedAt || !world.segment.isCalm) continue;
        const lost = vipNobodyHas(world, host, instance);
        if (lost !== undefined) return `nobody has ${lost} while ${host.name} hands it over`;
      }
      return undefined;
    },
  };
}

function vipNobodyHas({ hosts }: World, from: Host, instance: string): string | undefined {
  const settings = from.settings.instances.find(({ name }) => name === instance);
  return settings?.addresses.find(
    ({ interface: name, address, prefixLength }) =>
      !hosts.some((host) => host.kernel.has(name, address, prefixLength)),
  )?.address;
}
