/**
 * Accept_Mode false (RFC 9568 section 6.1) as an nftables table: the input hook drops packets to a
 * virtual address, except Neighbor Solicitations and Advertisements (section 6.4.3). Its priority comes
 * after that of IPVS, which takes its packets out of the hook at 98 and 99 (ip_vs_core.c); an earlier
 * hook would drop balanced traffic.
 */
import { nftSet } from '../../kernel/nftables/nft-table.ts';
import { type Family, familyOf, type IpAddress, isLinkLocal } from '../../net/address.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings, Settings } from '../../protocol/engine/settings.ts';

export const ACCEPT_TABLE = 'vrrp_agent';

const PRIORITY = 110;

/** The content of the table; undefined if all instances accept, as an owner always does (RFC 9568 section 6.4.3). */
export function acceptRuleset({ instances }: Settings): string | undefined {
  const closed = instances.filter(({ accept, priority }) => !accept && !isOwner(priority));
  const addresses = closed.flatMap((one) => [...one.addresses, ...one.extraAddresses]);
  if (addresses.length === 0) return undefined;
  const global = (family: Family) =>
    addresses.map(({ address }) => address).filter((one) => isGlobal(one, family));
  const local = closed.flatMap(linkLocalElements);
  return [
    ...nftSet('virtual_ipv4', 'ipv4_addr', global('ipv4')),
    ...nftSet('virtual_ipv6', 'ipv6_addr', global('ipv6')),
    ...nftSet('virtual_link_local', 'ifname . ipv6_addr', local),
    '  chain input {',
    `    type filter hook input priority ${PRIORITY}; policy accept;`,
    '    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept',
    '    ip daddr @virtual_ipv4 counter drop',
    '    ip6 daddr @virtual_ipv6 counter drop',
    '    iifname . ip6 daddr @virtual_link_local counter drop',
    '  }',
  ].join('\n');
}

function isGlobal(address: IpAddress, family: Family): boolean {
  return familyOf(address) === family && (family === 'ipv4' || !isLinkLocal(address));
}

/** With the link, as the same link-local address may belong to another host on another link. */
function linkLocalElements({ addresses, extraAddresses }: InstanceSettings): string[] {
  return [...addresses, ...extraAddresses]
    .filter(({ address }) => familyOf(address) === 'ipv6' && isLinkLocal(address))
    .map(({ address, interface: link }) => `"${link}" . ${address}`);
}
