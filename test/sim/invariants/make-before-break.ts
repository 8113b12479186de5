/**
 * During a planned failover that is not forced, there is always an owner of the VIP, unless another
 * fault happens; and an instance in maintenance is never MASTER.
 */
import type { IpAddress } from '../../../src/net/address.ts';
import type { Host } from '../host.ts';
import type { World } from '../world.ts';
import { changesTime, isThere } from './addresses.ts';
import { type Invariant, Lasting } from './invariant.ts';

/** Where a turn of the loop is not enough for all addresses, both hand them over in turns. */
export function makeBeforeBreak(): Invariant {
  const gap = new Lasting();
  return {
    name: 'make before break',
    check(world) {
      gap.begin();
      for (const { host, settings, view } of world.rows()) {
        if (view.maintenance && view.state === 'MASTER') {
          return `${host.name} is MASTER of ${settings.name} in maintenance`;
        }
      }
      for (const { instance, host, startedAt } of world.handOvers) {
        if (world.brokenAt > startedAt || !world.segment.isCalm) continue;
        const lost = vipNobodyHas(world, host, instance);
        if (lost === undefined) continue;
        const lasts = gap.note(`${host.name} ${instance}`, world.clock.now, world.brokenAt);
        const time = changesTime(host);
        if (time === 0 || lasts > time) {
          return `no host has ${lost} while ${host.name} hands it over`;
        }
      }
      return undefined;
    },
  };
}

function vipNobodyHas({ hosts }: World, from: Host, instance: string): string | undefined {
  const held = new Set(hosts.flatMap((host) => addressesOf(host, instance, true)));
  return addressesOf(from, instance).find((address) => !held.has(address));
}

/** All VIPs, or those that are present, as a key for each host. */
function addressesOf(host: Host, instance: string, present = false): IpAddress[] {
  const settings = host.settings.instances.find(({ name }) => name === instance);
  return (settings?.addresses ?? []).flatMap((vip) =>
    present && !isThere(host, vip) ? [] : [vip.address],
  );
}
