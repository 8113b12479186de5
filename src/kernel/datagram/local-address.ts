/** Whether this host has an address: on an interface that is down, too, where Node does not list it. */
import { familyOf, type IpAddress, parseIp } from '../../net/address.ts';
import { AF_INET, AF_INET6, SOCK_DGRAM } from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { bindAddress, closeFd, openSocket } from '../ffi/socket.ts';
import { ipSocketAddress } from '../ffi/socket-address.ts';
import { hostInterfaces } from '../process/host-interfaces.ts';

/** Whether an interface that is up has the address; false if that is not known. */
export function isOwnAddress(address: IpAddress): boolean {
  const all = Object.values(hostInterfaces() ?? {}).flat();
  return all.some((one) => one !== undefined && parseIp(one.address) === address);
}

/** True also if the kernel does not say, for want of descriptors for example. */
export function isLocalAddress(address: IpAddress): boolean {
  let fd: number | undefined;
  try {
    const domain = familyOf(address) === 'ipv4' ? AF_INET : AF_INET6;
    fd = openSocket('socket for a look', domain, SOCK_DGRAM, 0);
    bindAddress('socket for a look', fd, ipSocketAddress(address, 0));
    return true;
  } catch (error) {
    return !(error instanceof KernelError && error.errno === 'EADDRNOTAVAIL');
  } finally {
    if (fd !== undefined) closeFd(fd);
  }
}
