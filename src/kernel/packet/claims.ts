/**
 * Detects other hosts that claim our virtual addresses. By ARP: gratuitous ARP, replies, and requests
 * that have one as sender address, each a conflict by RFC 5227 section 2.4. By ND: advertisements that
 * override the caches of neighbors (RFC 4861 section 4.4). The kernel drops everything else.
 */
import { type Family, familyOf, type IpAddress, isMulticast } from '../../net/address.ts';
import type { AddressClaim } from '../../net/link.ts';
import { ARP_REPLY } from '../../wire/arp.ts';
import { decodeFrame } from '../../wire/frame.ts';
import { attachFilter } from '../ffi/classic-bpf.ts';
import { AF_PACKET, ETH_P_ARP, ETH_P_IPV6, MSG_DONTWAIT, SOCK_RAW } from '../ffi/constants.ts';
import { EPOLL_BATCH, Epoll } from '../ffi/epoll.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import { bindAddress, closePacketSocket, configured, openSocket } from '../ffi/socket.ts';
import { linkSocketAddress } from '../ffi/socket-address.ts';
import type { ClaimPort } from '../ports.ts';
import { claimFilter } from './claim-filter.ts';
import { dropAllFilter } from './receive-filter.ts';

const ETHER_TYPE: { readonly [F in Family]: number } = { ipv4: ETH_P_ARP, ipv6: ETH_P_IPV6 };
const FAMILIES = ['ipv4', 'ipv6'] as const;
/** Room for a Neighbor Advertisement with some options. */
const FRAME_BYTES = 256;

interface ClaimSocket {
  readonly fd: number;
  readonly index: number;
  readonly family: Family;
}

export class Claims implements ClaimPort {
  /** For the reactor. */
  readonly fd: number;
  readonly #libc: Libc = libc();
  readonly #epoll = new Epoll();
  readonly #sockets = new Map<number, ClaimSocket>();
  readonly #frame = new Uint8Array(FRAME_BYTES);

  constructor() {
    this.fd = this.#epoll.fd;
  }

  watch(index: number, addresses: readonly IpAddress[]): void {
    for (const family of FAMILIES) {
      const own = addresses.filter((address) => familyOf(address) === family);
      const known = this.#find(index, family);
      if (own.length === 0) {
        if (known !== undefined) this.#close(known);
        continue;
      }
      const { fd } = known ?? this.#open(index, family);
      attachFilter(describe(index, family), fd, claimFilter(family, own));
    }
  }

  drain(limit: number, sink: (claim: AddressClaim) => void): void {
    const readable = Math.min(this.#epoll.poll(), EPOLL_BATCH);
    let remaining = limit;
    for (let position = 0; position < readable; position++) {
      const socket = this.#sockets.get(this.#epoll.readableAt(position));
      while (remaining > 0 && socket !== undefined) {
        const length = this.#libc.recv(socket.fd, this.#frame, FRAME_BYTES, MSG_DONTWAIT);
        if (length < 0) break;
        remaining--;
        const claim = claimIn(this.#frame.subarray(0, length), socket.index);
        if (claim !== undefined) sink(claim);
      }
    }
  }

  close(): void {
    for (const socket of [...this.#sockets.values()]) this.#close(socket);
    this.#epoll.close();
  }

  #find(index: number, family: Family): ClaimSocket | undefined {
    for (const socket of this.#sockets.values()) {
      if (socket.index === index && socket.family === family) return socket;
    }
    return undefined;
  }

  #open(index: number, family: Family): ClaimSocket {
    const what = describe(index, family);
    const fd = configured(openSocket(what, AF_PACKET, SOCK_RAW, 0), (created) => {
      attachFilter(what, created, dropAllFilter());
      bindAddress(what, created, linkSocketAddress(index, ETHER_TYPE[family]));
      this.#epoll.add(created);
    });
    const socket = { fd, index, family };
    this.#sockets.set(fd, socket);
    return socket;
  }

  #close({ fd }: ClaimSocket): void {
    this.#epoll.remove(fd);
    this.#sockets.delete(fd);
    closePacketSocket(fd);
  }
}

function describe(index: number, family: Family): string {
  return `${family === 'ipv4' ? 'ARP' : 'ND'} socket on link ${index}`;
}

function claimIn(frame: Uint8Array, index: number): AddressClaim | undefined {
  const decoded = decodeFrame(frame);
  if (decoded.kind === 'arp') {
    const { operation, senderIp: address, senderMac, targetIp } = decoded.arp;
    const answer = operation === ARP_REPLY ? { to: targetIp } : {};
    return { index, address, mac: senderMac, ...answer };
  }
  if (decoded.kind !== 'neighbor-advertisement' || !decoded.advertisement.override) {
    return undefined;
  }
  const { target, targetMac } = decoded.advertisement;
  const { destination } = decoded.ip;
  const answer = isMulticast(destination) ? {} : { to: destination };
  return { index, address: target, mac: targetMac ?? decoded.ethernet.source, ...answer };
}
