/**
 * A UDP socket that sends to one neighbour with TTL 255 from a source port that it keeps, and receives
 * nothing.
 */
import { familyOf, type IpAddress, ip } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import { assemble, attachFilter, DROP } from '../ffi/classic-bpf.ts';
import {
  AF_INET,
  AF_INET6,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SOCK_DGRAM,
} from '../ffi/constants.ts';
import { errnoName } from '../ffi/errno.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import { MessageVector } from '../ffi/message-vector.ts';
import {
  bindAddress,
  bindToLink,
  closeFd,
  configured,
  openSocket,
  setOption,
  tryOption,
} from '../ffi/socket.ts';
import { ipSocketAddress } from '../ffi/socket-address.ts';

export interface HopTarget {
  readonly neighbour: IpAddress;
  readonly port: number;
  /** Undefined: the kernel chooses it. */
  readonly source: IpAddress | undefined;
  /** Of the link; zero: by the route. */
  readonly index: number;
}

const TTL = 255;

const LENGTH_MAX = 256;

/** Internetwork control, as VRRP itself (RFC 4594). */
const CLASS_SELECTOR_6 = 0xc0;

export class HopSender {
  readonly port: number;
  readonly #fd: number;
  readonly #libc: Libc = libc();
  /** One message: laid out once, its numbers cost a call less than buffers do. */
  readonly #message: MessageVector;

  /** Takes the first of these source ports that is free. Throws `KernelError`. */
  constructor(target: HopTarget, ports: Iterable<number>) {
    const { neighbour, source, index } = target;
    const isIpv4 = familyOf(neighbour) === 'ipv4';
    const what = `UDP socket to ${neighbour}`;
    const to = ipSocketAddress(neighbour, index, target.port);
    this.#message = new MessageVector({ slots: 1, slotBytes: LENGTH_MAX, nameBytes: to.length });
    at(this.#message.names, 0).set(to);
    let bound: number | undefined;
    const socket = openSocket(what, isIpv4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
    this.#fd = configured(socket, (fd) => {
      const level = isIpv4 ? IPPROTO_IP : IPPROTO_IPV6;
      if (!isIpv4) setOption(what, fd, level, IPV6_V6ONLY, 1);
      setOption(what, fd, level, isIpv4 ? IP_TTL : IPV6_UNICAST_HOPS, TTL);
      tryOption(fd, level, isIpv4 ? IP_TOS : IPV6_TCLASS, CLASS_SELECTOR_6);
      attachFilter(what, fd, assemble([DROP]));
      if (index !== 0) bindToLink(what, fd, index);
      bound = bindFirst(
        what,
        fd,
        { source: source ?? ip(isIpv4 ? '0.0.0.0' : '::'), index },
        ports,
      );
    });
    this.port = bound ?? 0;
  }

  /** Returns the name of the errno; undefined: sent. */
  send(bytes: Uint8Array): string | undefined {
    this.#message.load(0, bytes);
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = this.#libc.sendmmsg(this.#fd, this.#message.addressFrom(0), 1, flags);
    return sent < 0 ? errnoName(this.#libc.errno()) : undefined;
  }

  close(): void {
    closeFd(this.#fd);
  }
}

function bindFirst(
  what: string,
  fd: number,
  { source, index }: { readonly source: IpAddress; readonly index: number },
  ports: Iterable<number>,
): number {
  let last: unknown;
  for (const port of ports) {
    try {
      bindAddress(what, fd, ipSocketAddress(source, index, port));
      return port;
    } catch (error) {
      if (!(error instanceof KernelError && error.errno === 'EADDRINUSE')) throw error;
      last = error;
    }
  }
  throw last;
}
