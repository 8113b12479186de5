/**
 * Receives VRRP on a link without taking part: it needs no address, joins no group of IGMP or MLD, and
 * sends nothing. Only the network card is set to receive the two multicast MAC addresses (packet(7)).
 */

import { macToBytes } from '../../net/address.ts';
import { ENODEV } from '../../net/errno.ts';
import { VRRP_GROUP } from '../../net/vrrp.ts';
import { multicastMac } from '../../wire/ethernet.ts';
import { attachFilter } from '../ffi/classic-bpf.ts';
import {
  AF_PACKET,
  ETH_P_ALL,
  MSG_DONTWAIT,
  PACKET_ADD_MEMBERSHIP,
  PACKET_MR_MULTICAST,
  SOCK_RAW,
  SOL_PACKET,
} from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';
import { bindAddress, closeFd, configured, openSocket, setOption } from '../ffi/socket.ts';
import { linkSocketAddress } from '../ffi/socket-address.ts';
import { observeFilter } from './observe-filter.ts';

const GROUPS = [VRRP_GROUP.ipv4, VRRP_GROUP.ipv6].map((group) => macToBytes(multicastMac(group)));

/** Room for jumbo frames and for frames that the card has merged. */
const FRAME_BYTES = 65_536;

/** The frame is valid only during the call. */
type FrameSink = (frame: Uint8Array, length: number) => void;

export class ObserveSocket {
  /** For the reactor. */
  readonly fd: number;
  readonly #what: string;
  readonly #index: number;
  readonly #frame = new Uint8Array(FRAME_BYTES);

  /** Undefined: there is no such link. Throws `KernelError`. */
  static on(name: string): ObserveSocket | undefined {
    const index = libc().if_nametoindex(name);
    return index === 0 ? undefined : new ObserveSocket(index, name);
  }

  /** Opens in the network namespace of the calling thread. Throws `KernelError`. */
  constructor(index: number, name: string) {
    this.#what = `packet socket on ${name}`;
    this.#index = index;
    // With protocol 0 the socket receives nothing until it is bound: no frame arrives before the filter.
    const fd = openSocket(this.#what, AF_PACKET, SOCK_RAW, 0);
    this.fd = configured(fd, (created) => this.#configure(created));
  }

  /** Hands over at most `limit` waiting frames. Throws `KernelError` if the link is gone. */
  drain(limit: number, sink: FrameSink): void {
    for (let left = limit; left > 0; left--) {
      const length = libc().recv(this.fd, this.#frame, FRAME_BYTES, MSG_DONTWAIT);
      if (length < 0) {
        this.checkLink();
        return;
      }
      sink(this.#frame, length);
    }
  }

  /**
   * Throws `KernelError` if the link is gone. The socket works again after a link was down, but gets no
   * error when a link is removed while it is down (packet(7) has one error for both).
   */
  checkLink(): void {
    if (libc().if_indextoname(this.#index, new Uint8Array(16)) !== null) return;
    throw new KernelError(`read ${this.#what}`, ENODEV, 'the interface is gone');
  }

  close(): void {
    closeFd(this.fd);
  }

  #configure(fd: number): void {
    attachFilter(this.#what, fd, observeFilter());
    for (const group of GROUPS) {
      setOption(
        `receive multicast with ${this.#what}`,
        fd,
        SOL_PACKET,
        PACKET_ADD_MEMBERSHIP,
        membership(this.#index, group),
      );
    }
    bindAddress(this.#what, fd, linkSocketAddress(this.#index, ETH_P_ALL));
  }
}

/** `struct packet_mreq` (packet(7)): interface index, type, length and address. */
function membership(index: number, group: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, index, true);
  view.setUint16(4, PACKET_MR_MULTICAST, true);
  view.setUint16(6, group.length, true);
  bytes.set(group, 8);
  return bytes;
}
