/** Addresses of raw sockets, which have no port. */
import { familyOf, type IpAddress, ipToBytes } from '../../net/address.ts';
import { AF_INET, AF_INET6 } from '../ffi/constants.ts';

/** `struct sockaddr_in` (ip(7)) or `struct sockaddr_in6` (ipv6(7)) without a port. */
export function socketAddress(address: IpAddress, index: number): Uint8Array {
  const isIpv4 = familyOf(address) === 'ipv4';
  const bytes = new Uint8Array(isIpv4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, true);
  bytes.set(ipToBytes(address), isIpv4 ? 4 : 8);
  if (!isIpv4) view.setUint32(24, index, true);
  return bytes;
}
