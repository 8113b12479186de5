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

/** Opens a socket that sends whole IP packets (raw(7), IP_HDRINCL). Throws `KernelError`. */
export function openDatagramSender(index: number, family: Family): number {
  const what = `${family} send socket on link ${index}`;
  const domain = family === 'ipv4' ? AF_INET : AF_INET6;
  return configured(openSocket(what, domain, SOCK_RAW, IPPROTO_RAW), (fd) => {
    attachFilter(what, fd, dropAllFilter());
    bindToLink(what, fd, index);
    setSendBuffer(fd, SEND_BUFFER);
    setPriority(fd);
    if (family === 'ipv4') configureIpv4(what, fd, index);
    else configureIpv6(what, fd, index);
  });
}

/** Opens a socket that sends whole Ethernet frames; with protocol 0 it receives none (packet(7)). */
export function openFrameSender(): number {
  return configured(openSocket('packet socket', AF_PACKET, SOCK_RAW, 0), (fd) => {
    setSendBuffer(fd, SEND_BUFFER);
    setPriority(fd);
  });
}

function configureIpv4(what: string, fd: number, index: number): void {
  const request = new Uint8Array(12);
  new DataView(request.buffer).setInt32(8, index, true);
  setOption(what, fd, IPPROTO_IP, IP_HDRINCL, 1);
  setOption(what, fd, IPPROTO_IP, IP_MULTICAST_IF, request);
  setOption(what, fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
}

function configureIpv6(what: string, fd: number, index: number): void {
  setOption(what, fd, IPPROTO_IPV6, IPV6_HDRINCL, 1);
  setOption(what, fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  setOption(what, fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
}

function setPriority(fd: number): void {
  PRIORITIES.some((priority) => tryOption(fd, SOL_SOCKET, SO_PRIORITY, priority) === 0);
}
