/** A UDP socket for few known peers: bound to one address, filtered by source, never blocking. */
import { familyOf, type IpAddress, ipFromBytes } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import { attachFilter } from '../ffi/classic-bpf.ts';
import {
  AF_INET,
  AF_INET6,
  IP_TOS,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_TCLASS,
  IPV6_V6ONLY,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SO_MEMINFO,
  SOCK_DGRAM,
  SOL_SOCKET,
} from '../ffi/constants.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import { MessageVector } from '../ffi/message-vector.ts';
import {
  bindAddress,
  closeFd,
  configured,
  openSocket,
  setReceiveBuffer,
  tryOption,
} from '../ffi/socket.ts';
import { ipSocketAddress } from '../ffi/socket-address.ts';
import { sourceFilter } from './source-filter.ts';

/** Gets a datagram; the bytes are valid only during the call. Longer ones are cut to `SLOT_BYTES`. */
export type DatagramSink = (bytes: Uint8Array, source: IpAddress) => void;

/** More than any datagram may have, so that longer ones can be told. */
const SLOT_BYTES = 1_536;
const BATCH = 64;
const SOCKADDR_IN6_BYTES = 28;

/** Some seconds of a few directors with many instances. */
const RECEIVE_BUFFER = 1024 * 1024;

/** Internetwork control, as VRRP itself (RFC 4594). */
const CLASS_SELECTOR_6 = 0xc0;

/** SO_MEMINFO: an array of words; this one counts what the filter, or a full queue, has dropped. */
const MEMORY_WORDS = 9;
const DROPS_WORD = 8;

export class DatagramSocket {
  readonly fd: number;
  readonly #libc: Libc = libc();
  readonly #vector = new MessageVector({
    slots: BATCH,
    slotBytes: SLOT_BYTES,
    nameBytes: SOCKADDR_IN6_BYTES,
  });
  readonly #isIpv4: boolean;
  readonly #what: string;
  readonly #port: number;
  readonly #peers = new Map<IpAddress, Uint8Array>();
  /** Peers by the bytes of their addresses: a flood must not make a text of each source. */
  #sources: readonly { readonly address: IpAddress; readonly bytes: Uint8Array }[] = [];

  /** Throws `KernelError`. */
  constructor(source: IpAddress, port: number, peers: readonly IpAddress[]) {
    this.#what = `UDP socket on ${source} port ${port}`;
    this.#isIpv4 = familyOf(source) === 'ipv4';
    this.#port = port;
    const domain = this.#isIpv4 ? AF_INET : AF_INET6;
    this.fd = configured(openSocket(this.#what, domain, SOCK_DGRAM, 0), (fd) => {
      if (!this.#isIpv4) tryOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
      this.#setPeers(fd, peers);
      setReceiveBuffer(fd, RECEIVE_BUFFER);
      if (this.#isIpv4) tryOption(fd, IPPROTO_IP, IP_TOS, CLASS_SELECTOR_6);
      else tryOption(fd, IPPROTO_IPV6, IPV6_TCLASS, CLASS_SELECTOR_6);
      bindAddress(this.#what, fd, ipSocketAddress(source, 0, port));
    });
  }

  setPeers(peers: readonly IpAddress[]): void {
    this.#setPeers(this.fd, peers);
  }

  /** Returns zero or the errno. */
  send(bytes: Uint8Array, to: IpAddress): number {
    const address = this.#peers.get(to) ?? ipSocketAddress(to, 0, this.#port);
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = this.#libc.sendto(this.fd, bytes, bytes.length, flags, address, address.length);
    return sent < 0 ? this.#libc.errno() : 0;
  }

  /** Hands over at most `count` datagrams, and no more than 64; returns their number. */
  receive(count: number, sink: DatagramSink): number {
    const wanted = Math.min(count, BATCH);
    this.#vector.prepare(wanted);
    const address = this.#vector.addressFrom(0);
    const received = this.#libc.recvmmsg(this.fd, address, wanted, MSG_DONTWAIT, 0);
    for (let slot = 0; slot < received; slot++) {
      const bytes = at(this.#vector.data, slot).subarray(0, this.#vector.received(slot));
      sink(bytes, this.#sourceOf(at(this.#vector.names, slot)));
    }
    return Math.max(received, 0);
  }

  /** How many datagrams the kernel has dropped: those of other sources, and when the queue was full. */
  drops(): number {
    const words = new Uint32Array(MEMORY_WORDS);
    const bytes = new Uint8Array(words.buffer);
    const length = Uint32Array.of(bytes.length);
    const failed = this.#libc.getsockopt(this.fd, SOL_SOCKET, SO_MEMINFO, bytes, length) < 0;
    return failed ? 0 : at(words, DROPS_WORD);
  }

  close(): void {
    closeFd(this.fd);
  }

  #setPeers(fd: number, peers: readonly IpAddress[]): void {
    attachFilter(this.#what, fd, sourceFilter(peers));
    this.#peers.clear();
    for (const peer of peers) this.#peers.set(peer, ipSocketAddress(peer, 0, this.#port));
    this.#sources = [...this.#peers].map(([address, socketAddress]) => ({
      address,
      bytes: this.#addressIn(socketAddress),
    }));
  }

  #sourceOf(name: Uint8Array): IpAddress {
    const bytes = this.#addressIn(name);
    const known = this.#sources.find((one) => one.bytes.every((byte, i) => byte === bytes[i]));
    return known?.address ?? ipFromBytes(bytes);
  }

  /** In `struct sockaddr_in` (ip(7)) or `struct sockaddr_in6` (ipv6(7)). */
  #addressIn(name: Uint8Array): Uint8Array {
    return this.#isIpv4 ? name.subarray(4, 8) : name.subarray(8, 24);
  }
}
