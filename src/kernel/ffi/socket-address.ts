/** Socket addresses of sockets without ports: raw sockets, packet sockets and abstract Unix sockets. */
import { familyOf, type IpAddress, ipToBytes } from '../../net/address.ts';
import { AF_INET, AF_INET6, AF_PACKET, AF_UNIX } from './constants.ts';

/** `struct sockaddr_in` (ip(7)), or `struct sockaddr_in6` (ipv6(7)) with the link as its scope. */
export function ipSocketAddress(address: IpAddress, index: number): Uint8Array {
  const isIpv4 = familyOf(address) === 'ipv4';
  const bytes = new Uint8Array(isIpv4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, true);
  bytes.set(ipToBytes(address), isIpv4 ? 4 : 8);
  if (!isIpv4) view.setUint32(24, index, true);
  return bytes;
}

/** `struct sockaddr_ll` (packet(7)): the EtherType is in network byte order. */
export function linkSocketAddress(index: number, etherType: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, etherType);
  view.setInt32(4, index, true);
  return bytes;
}

/** `struct sockaddr_un` of a name without a file: a zero byte before it, and none after it (unix(7)). */
export function abstractSocketAddress(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(`..\0${name}`);
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  return bytes;
}
