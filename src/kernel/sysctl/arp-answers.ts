/** Whether this host answers ARP or ND on one interface for an address of another one (ip-sysctl.rst). */
import { familyOf, type IpAddress } from '../../net/address.ts';
import type { InterfaceSettingsPort } from '../ports.ts';

/** `arp_ignore` values that leave requests for addresses of other interfaces without an answer. */
const SILENT: readonly number[] = [1, 2, 8];

/** `holder`: the interface that has the address. `wire`: the one on which hosts ask for it. */
export function answersElsewhere(
  address: IpAddress,
  { holder, wire }: { readonly holder: string; readonly wire: string },
  { read }: Pick<InterfaceSettingsPort, 'read'>,
): boolean {
  // IPv6 answers for the addresses of the interface itself only (ndisc_recv_ns in net/ipv6/ndisc.c).
  if (familyOf(address) === 'ipv6' || holder === wire) return holder === wire;
  const values = ['all', wire].map((link) => read('ipv4', link, 'arp_ignore') ?? 0);
  return !SILENT.includes(Math.max(...values));
}
