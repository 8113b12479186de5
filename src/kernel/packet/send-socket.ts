/** Sockets that only send: one for each link and family, and one for frames on any link. */
import type { Family } from '../../net/address.ts';
import { attachFilter } from '../ffi/classic-bpf.ts';
import {
  AF_INET,
  AF_INET6,
  AF_PACKET,
  IP_HDRINCL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_RAW,
  IPV6_HDRINCL,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  SO_PRIORITY,
  SOCK_RAW,
  SOL_SOCKET,
} from '../ffi/constants.ts';
import {
  bindToLink,
  configured,
  openSocket,
  setOption,
  setSendBuffer,
  tryOption,
} from '../ffi/socket.ts';
import { dropAllFilter } from './receive-filter.ts';

const SEND_BUFFER = 1024 * 1024;
/** TC_PRIO_CONTROL needs CAP_NET_ADMIN, TC_PRIO_INTERACTIVE does not (socket(7)). */
const PRIORITIES = [7, 6];

/** Opens a socket that sends whole IP packets on this link (raw(7), IP_HDRINCL). Throws `KernelError`. */
export function openDatagramSender(index: number, family: Family): number {
  return configured(openUnaimedSender(family), (fd) => aimSender(fd, index, family));
}

/** The same without a link: `aimSender` gives it one. */
export function openUnaimedSender(family: Family): number {
  const what = `${family} send socket`;
  const isIpv4 = family === 'ipv4';
  const domain = isIpv4 ? AF_INET : AF_INET6;
  return configured(openSocket(what, domain, SOCK_RAW, IPPROTO_RAW), (fd) => {
    attachFilter(what, fd, dropAllFilter());
    setSendBuffer(fd, SEND_BUFFER);
    setPriority(fd);
    const level = isIpv4 ? IPPROTO_IP : IPPROTO_IPV6;
    setOption(what, fd, level, isIpv4 ? IP_HDRINCL : IPV6_HDRINCL, 1);
    setOption(what, fd, level, isIpv4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP, 0);
  });
}

/** Until the next call, the socket sends on this link. Throws `KernelError`. */
export function aimSender(fd: number, index: number, family: Family): void {
  const what = `${family} send socket on link ${index}`;
  // The kernel refuses a link for multicast that is not the one that the socket is bound to.
  bindToLink(what, fd, index);
  if (family === 'ipv6') {
    setOption(what, fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
    return;
  }
  const request = new Uint8Array(12);
  new DataView(request.buffer).setInt32(8, index, true);
  setOption(what, fd, IPPROTO_IP, IP_MULTICAST_IF, request);
}

/** Opens a socket that sends whole Ethernet frames; with protocol 0 it receives none (packet(7)). */
export function openFrameSender(): number {
  return configured(openSocket('packet socket', AF_PACKET, SOCK_RAW, 0), (fd) => {
    setSendBuffer(fd, SEND_BUFFER);
    setPriority(fd);
  });
}

function setPriority(fd: number): void {
  PRIORITIES.some((priority) => tryOption(fd, SOL_SOCKET, SO_PRIORITY, priority) === 0);
}
