/**
 * What the kernel does when the first of several IPv4 addresses of a subnet is removed: without
 * promote_secondaries it removes the others too, with the route that the clients of a VIP need.
 */
import { familyOf, networkOf } from '../../net/address.ts';
import type { AddressState } from '../../net/link.ts';
import type { LinkTable } from '../../protocol/engine/links.ts';
import type { Settings } from '../../protocol/engine/settings.ts';

/** `promotes`: the parameter of this link; the kernel also counts that of `all`. */
export function secondaryWarnings(
  instances: Settings['instances'],
  links: LinkTable,
  promotes: (link: string) => boolean,
): string[] {
  const names = new Set(
    instances.flatMap(({ addresses, family }) =>
      family === 'ipv4' ? addresses.map((one) => one.interface) : [],
    ),
  );
  return [...names].flatMap((name) => {
    const link = links.byName(name);
    if (link === undefined || promotes(name)) return [];
    return sharedSubnets([...link.addresses.values()]).map(
      ({ subnet, first, others }) =>
        `${name} of this machine has ${first} and ${others} more of ${subnet}, and promote_secondaries is 0: ` +
        `when ${first} is removed, the kernel removes the others too, and the VIPs are cut off for a moment; ` +
        `set net.ipv4.conf.${name}.promote_secondaries=1 before`,
    );
  });
}

interface SharedSubnet {
  readonly subnet: string;
  /** The primary address: the one that was added first. */
  readonly first: string;
  readonly others: number;
}

function sharedSubnets(addresses: readonly AddressState[]): SharedSubnet[] {
  const bySubnet = new Map<string, string[]>();
  for (const { address, prefixLength, ours } of addresses) {
    if (ours || familyOf(address) !== 'ipv4' || prefixLength > 30) continue;
    const subnet = `${networkOf(address, prefixLength)}/${prefixLength}`;
    bySubnet.set(subnet, [...(bySubnet.get(subnet) ?? []), address]);
  }
  return [...bySubnet].flatMap(([subnet, [first = '', ...others]]) =>
    others.length === 0 ? [] : [{ subnet, first, others: others.length }],
  );
}
