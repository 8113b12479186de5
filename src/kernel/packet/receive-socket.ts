/**
 * The receive socket of one link and family: a raw socket of protocol 112, bound to the link, member of
 * the VRRP group, filtered by VRID. Or one of protocol 51 (IP AH), whose VRRP is heard to be refused.
 */
import { type Family, type IpAddress, ipToBytes } from '../../net/address.ts';
import { PROTOCOL_AH, PROTOCOL_VRRP } from '../../net/vrrp.ts';
import { attachFilter } from '../ffi/classic-bpf.ts';
import {
  AF_INET,
  AF_INET6,
  IP_ADD_MEMBERSHIP,
  IP_MULTICAST_ALL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_ADD_MEMBERSHIP,
  IPV6_MULTICAST_ALL,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
  MSG_DONTWAIT,
  SO_TIMESTAMPNS,
  SOCK_RAW,
  SOL_SOCKET,
} from '../ffi/constants.ts';
import { libc } from '../ffi/libc.ts';
import {
  bindToLink,
  closeFd,
  configured,
  openSocket,
  setOption,
  setReceiveBuffer,
  tryOption,
} from '../ffi/socket.ts';
import type { Receiver } from '../ports.ts';
import { dropAllFilter, enclosedVridFilter, vridFilter } from './receive-filter.ts';

/** Room for about 1,000 adverts: four from each virtual router of a full segment. */
const RECEIVE_BUFFER = 1024 * 1024;

export class ReceiveSocket {
  readonly fd: number;
  readonly index: number;
  readonly family: Family;
  readonly groups: readonly IpAddress[];
  readonly protocol: typeof PROTOCOL_VRRP | typeof PROTOCOL_AH;
  readonly #what: string;

  /** `PROTOCOL_AH` only over IPv4. */
  constructor(
    { index, name, family, vrids, groups }: Receiver,
    protocol: ReceiveSocket['protocol'] = PROTOCOL_VRRP,
  ) {
    this.protocol = protocol;
    this.index = index;
    this.family = family;
    this.groups = groups;
    this.#what = `raw ${family} socket on ${name}`;
    const domain = family === 'ipv4' ? AF_INET : AF_INET6;
    const fd = openSocket(this.#what, domain, SOCK_RAW, protocol);
    this.fd = configured(fd, (created) => this.#configure(created, vrids));
  }

  setVrids(vrids: readonly number[]): void {
    this.#attach(this.fd, vrids);
  }

  close(): void {
    closeFd(this.fd);
  }

  /**
   * A new raw socket receives from every link. So a filter drops everything until the socket is bound to
   * its link, and packets from before the filter are discarded.
   */
  #configure(fd: number, vrids: readonly number[]): void {
    attachFilter(this.#what, fd, dropAllFilter());
    bindToLink(this.#what, fd, this.index);
    while (libc().recv(fd, new Uint8Array(1), 1, MSG_DONTWAIT) >= 0);
    setReceiveBuffer(fd, RECEIVE_BUFFER);
    tryOption(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (this.family === 'ipv4') this.#configureIpv4(fd);
    else this.#configureIpv6(fd);
    this.#attach(fd, vrids);
  }

  #attach(fd: number, vrids: readonly number[]): void {
    const start = this.family === 'ipv4' ? 'ipv4-header' : 'vrrp-header';
    const isEnclosed = this.protocol === PROTOCOL_AH;
    const filter = isEnclosed ? enclosedVridFilter(vrids) : vridFilter(vrids, start);
    attachFilter(this.#what, fd, filter);
  }

  /** `struct ip_mreqn` (ip(7)): group, local address (any), interface index. */
  #configureIpv4(fd: number): void {
    const membership = new Uint8Array(12);
    new DataView(membership.buffer).setInt32(8, this.index, true);
    for (const group of this.groups) {
      membership.set(ipToBytes(group));
      setOption(`join ${group} with ${this.#what}`, fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, membership);
    }
    tryOption(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  }

  /**
   * `struct ipv6_mreq` (ipv6(7)): group, interface index. The kernel delivers no IPv6 header: the hop
   * limit and the destination, which RFC 9568 section 7.1 requires to be checked, are ancillary data.
   */
  #configureIpv6(fd: number): void {
    const membership = new Uint8Array(20);
    new DataView(membership.buffer).setInt32(16, this.index, true);
    for (const group of this.groups) {
      membership.set(ipToBytes(group));
      const what = `join ${group} with ${this.#what}`;
      setOption(what, fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, membership);
    }
    tryOption(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    const ancillary = `ancillary data of ${this.#what}`;
    setOption(ancillary, fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    setOption(ancillary, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    tryOption(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  }
}
