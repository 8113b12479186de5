/**
 * Hears by ARP who else claims our virtual addresses: gratuitous ARP, replies, and requests sent from
 * them (RFC 5227 section 2.4 calls each of them a conflict). All other ARP is dropped in the kernel.
 */
import { type IpAddress, ipToBytes } from '../../net/address.ts';
import type { AddressClaim } from '../../net/link.ts';
import { decodeArp } from '../../wire/arp.ts';
import { AF_PACKET, ETH_P_ARP, MSG_DONTWAIT, SOCK_RAW } from '../ffi/constants.ts';
import { EPOLL_BATCH, Epoll } from '../ffi/epoll.ts';
import { type Libc, libc } from '../ffi/libc.ts';
import { bindAddress, closeFd, configured, openSocket } from '../ffi/socket.ts';
import type { ClaimPort } from '../ports.ts';
import { attachFilter } from './attach-filter.ts';
import {
  ACCEPT,
  ANCILLARY,
  assemble,
  DROP,
  type Instruction,
  JUMP_EQUAL,
  LOAD_WORD,
} from './classic-bpf.ts';
import { dropAllFilter } from './receive-filter.ts';

const ETHERNET_HEADER = 14;
/** The sender's protocol address in an ARP frame: 14 of Ethernet, 14 into ARP (RFC 826). */
const SENDER_ADDRESS = 28;
/** <linux/if_packet.h>: a frame that this host sent. */
const PACKET_OUTGOING = 4;
const PACKET_TYPE = 4;
const FRAME_BYTES = 64;

export class Claims implements ClaimPort {
  /** For the reactor. */
  readonly fd: number;
  readonly #libc: Libc = libc();
  readonly #epoll = new Epoll();
  /** Sockets by interface index, and back. */
  readonly #sockets = new Map<number, number>();
  readonly #indexes = new Map<number, number>();
  readonly #frame = new Uint8Array(FRAME_BYTES);

  constructor() {
    this.fd = this.#epoll.fd;
  }

  watch(index: number, addresses: readonly IpAddress[]): void {
    const known = this.#sockets.get(index);
    if (addresses.length === 0) {
      if (known !== undefined) this.#close(index, known);
      return;
    }
    const fd = known ?? this.#open(index);
    attachFilter(`ARP socket on link ${index}`, fd, claimFilter(addresses));
  }

  drain(limit: number, sink: (claim: AddressClaim) => void): void {
    const readable = Math.min(this.#epoll.poll(), EPOLL_BATCH);
    let remaining = limit;
    for (let position = 0; position < readable; position++) {
      const fd = this.#epoll.readableAt(position);
      const index = this.#indexes.get(fd);
      while (remaining > 0) {
        const length = this.#libc.recv(fd, this.#frame, FRAME_BYTES, MSG_DONTWAIT);
        if (length < 0 || index === undefined) break;
        remaining--;
        const decoded = decodeArp(this.#frame, ETHERNET_HEADER, length - ETHERNET_HEADER);
        if (!decoded.ok) continue;
        sink({ index, address: decoded.value.senderIp, mac: decoded.value.senderMac });
      }
    }
  }

  close(): void {
    for (const [index, fd] of [...this.#sockets]) this.#close(index, fd);
    this.#epoll.close();
  }

  /** `struct sockaddr_ll` (packet(7)): family, protocol in network order, interface index. */
  #open(index: number): number {
    const what = `ARP socket on link ${index}`;
    const fd = configured(openSocket(what, AF_PACKET, SOCK_RAW, 0), (created) => {
      attachFilter(what, created, dropAllFilter());
      const address = new Uint8Array(20);
      const view = new DataView(address.buffer);
      view.setUint16(0, AF_PACKET, true);
      view.setUint16(2, ETH_P_ARP);
      view.setInt32(4, index, true);
      bindAddress(what, created, address);
    });
    this.#epoll.add(fd);
    this.#sockets.set(index, fd);
    this.#indexes.set(fd, index);
    return fd;
  }

  #close(index: number, fd: number): void {
    this.#epoll.remove(fd);
    this.#sockets.delete(index);
    this.#indexes.delete(fd);
    closeFd(fd);
  }
}

/** Lets ARP of others pass whose sender address is one of these. */
export function claimFilter(addresses: readonly IpAddress[]): Uint8Array {
  const choices = [...new Set(addresses)].flatMap((address): Instruction[] => [
    [JUMP_EQUAL, new DataView(ipToBytes(address).buffer).getUint32(0), 0, 1],
    ACCEPT,
  ]);
  return assemble([
    [LOAD_WORD, ANCILLARY + PACKET_TYPE],
    [JUMP_EQUAL, PACKET_OUTGOING, 0, 1],
    DROP,
    [LOAD_WORD, SENDER_ADDRESS],
    ...choices,
    DROP,
  ]);
}
