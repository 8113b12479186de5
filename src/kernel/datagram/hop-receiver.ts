/**
 * A UDP socket on one port of every address of this host, for few known senders. Says of each datagram which
 * TTL it arrived with, on which link, and for which address: protocols like BFD trust none whose TTL a
 * router has lowered (RFC 5082).
 */
import { type Family, type IpAddress, ip } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import { attachFilter } from '../ffi/classic-bpf.ts';
import {
  AF_INET,
  AF_INET6,
  IP_PKTINFO,
  IP_RECVTTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  SOCK_DGRAM,
} from '../ffi/constants.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import { MessageVector } from '../ffi/message-vector.ts';
import {
  bindAddress,
  closeFd,
  configured,
  openSocket,
  setOption,
  setReceiveBuffer,
} from '../ffi/socket.ts';
import { ipSocketAddress } from '../ffi/socket-address.ts';
import { type HopOrigin, HopOrigins } from './hop-origins.ts';
import { hopFilter, sourceFilter } from './source-filter.ts';

/** The bytes are valid only during the call; the origin of many datagrams may be the same object. */
export type HopSink<Mark> = (origin: HopOrigin & Mark, bytes: Uint8Array, length: number) => void;

/** The most datagrams of one call. */
export const HOP_BATCH = 64;

/** Of those with a low TTL in one call: more are a flood. */
const TOO_LOW_MAX = 32;

/** Longer datagrams are cut off. */
const SLOT_BYTES = 256;
const SOCKADDR_IN6_BYTES = 28;
const CONTROL_BYTES = 128;

/** Some hundred datagrams: those that arrive while this process does not run. */
const RECEIVE_BUFFER = 256 * 1024;

/** `Mark`: what is added to each origin. */
export class HopReceiver<Mark extends object> {
  readonly fd: number;
  readonly #libc: Libc = libc();
  readonly #vector = new MessageVector({
    slots: HOP_BATCH,
    slotBytes: SLOT_BYTES,
    nameBytes: SOCKADDR_IN6_BYTES,
    controlBytes: CONTROL_BYTES,
  });
  readonly #isIpv4: boolean;
  readonly #what: string;
  readonly #origins: HopOrigins<Mark>;
  readonly #names: readonly DataView[];
  #sources: readonly IpAddress[] = [];
  #minimumTtl = 0;
  /** Few of those with a low TTL pass. */
  #isStrict = false;

  /** Throws `KernelError`. */
  constructor(family: Family, port: number, mark: Mark) {
    this.#isIpv4 = family === 'ipv4';
    this.#what = `UDP socket on port ${port}`;
    this.#origins = new HopOrigins(family, mark);
    this.#names = this.#vector.names.map(
      ({ buffer, byteOffset, length }) => new DataView(buffer, byteOffset, length),
    );
    const any = ip(this.#isIpv4 ? '0.0.0.0' : '::');
    const socket = openSocket(this.#what, this.#isIpv4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
    this.fd = configured(socket, (fd) => {
      if (this.#isIpv4) {
        setOption(this.#what, fd, IPPROTO_IP, IP_RECVTTL, 1);
        setOption(this.#what, fd, IPPROTO_IP, IP_PKTINFO, 1);
      } else {
        setOption(this.#what, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        setOption(this.#what, fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        setOption(this.#what, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
      }
      attachFilter(this.#what, fd, sourceFilter([]));
      setReceiveBuffer(fd, RECEIVE_BUFFER);
      bindAddress(this.#what, fd, ipSocketAddress(any, 0, port));
    });
  }

  /**
   * Datagrams of others take no place in the queue, except for a few. Those whose TTL is too low do, so that
   * each can be named, until there are many: any host of the Internet can send them.
   */
  setSources(sources: readonly IpAddress[], minimumTtl: number): void {
    this.#sources = sources;
    this.#minimumTtl = minimumTtl;
    this.#isStrict = false;
    attachFilter(this.#what, this.fd, sourceFilter(sources));
  }

  /** Hands over at most `count` datagrams, and no more than 64; returns their number. */
  receive(count: number, sink: HopSink<Mark>): number {
    const wanted = Math.min(count, HOP_BATCH);
    this.#vector.prepare(wanted);
    const address = this.#vector.addressFrom(0);
    const received = this.#libc.recvmmsg(this.fd, address, wanted, MSG_DONTWAIT, 0);
    const { data, controls } = this.#vector;
    let tooLow = 0;
    for (let slot = 0; slot < received; slot++) {
      const control = at(controls, slot);
      const origin = this.#origins.read(
        at(this.#names, slot),
        control,
        this.#vector.controlLength(slot),
      );
      if (origin.ttl < this.#minimumTtl) tooLow++;
      sink(origin, at(data, slot), this.#vector.received(slot));
    }
    if (tooLow > TOO_LOW_MAX && !this.#isStrict) this.#becomeStrict();
    return Math.max(received, 0);
  }

  #becomeStrict(): void {
    this.#isStrict = true;
    const family = this.#isIpv4 ? 'ipv4' : 'ipv6';
    attachFilter(this.#what, this.fd, hopFilter(family, this.#sources, this.#minimumTtl));
  }

  close(): void {
    closeFd(this.fd);
  }
}
