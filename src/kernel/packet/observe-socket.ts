/**
 * Hears VRRP on a link without taking part: no address, no group of IGMP or MLD, nothing sent. The
 * network card alone is told to let the two multicast MAC addresses through (packet(7)).
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

/** Jumbo frames and offloaded ones alike. */
const FRAME_BYTES = 65_536;

/** The frame is only valid during the call. */
export type FrameSink = (frame: Uint8Array, length: number) => void;

export class ObserveSocket {
  /** For the reactor. */
  readonly fd: number;
  readonly #what: string;
  readonly #index: number;
  readonly #frame = new Uint8Array(FRAME_BYTES);

  /** In the network namespace of the calling thread. Throws `KernelError`. */
  constructor(index: number, name: string) {
    this.#what = `packet socket on ${name}`;
    this.#index = index;
    // Protocol 0 hears nothing until it is bound, so no frame passes before the filter is there.
    const fd = openSocket(this.#what, AF_PACKET, SOCK_RAW, 0);
    this.fd = configured(fd, (created) => this.#configure(created));
  }

  /** Hands over at most `limit` waiting frames. Throws `KernelError` when the link is gone. */
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
   * Throws `KernelError` when the link is gone. One that is set down is heard again when it is up; one
   * that is removed while it is down is not told of (packet(7) knows one error for both).
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
        `hear multicast with ${this.#what}`,
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
