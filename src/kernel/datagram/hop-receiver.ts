/**
 * A UDP socket on one port of every address of this host, for few known senders. Says of each datagram which
 * TTL it arrived with, on which link, and for which address: protocols like BFD trust none whose TTL a
 * router has lowered (RFC 5082).
 *
 * The ancillary data, one `struct cmsghdr` each, aligned to 8 bytes:
 *
 *      0               8           12          16
 *     +---------------+-----------+-----------+------------
 *     |    length     |   level   |   type    |  data
 *     +---------------+-----------+-----------+------------
 */
import { type Family, type IpAddress, ip, ipFromBytes } from '../../net/address.ts';
import { at } from '../../net/assert.ts';
import { attachFilter } from '../ffi/classic-bpf.ts';
import {
  AF_INET,
  AF_INET6,
  IP_PKTINFO,
  IP_RECVTTL,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_PKTINFO,
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
import { sourceFilter } from './source-filter.ts';

export interface HopArrival {
  /** Valid only during the call. */
  readonly bytes: Uint8Array;
  readonly source: IpAddress;
  /** Undefined: the kernel did not say. */
  readonly destination: IpAddress | undefined;
  /** Of the link; zero: the kernel did not say. */
  readonly index: number;
  /** Zero: the kernel did not say. */
  readonly ttl: number;
}

export type HopSink = (arrival: HopArrival) => void;

/** The most datagrams of one call. */
export const HOP_BATCH = 64;

/** Longer datagrams are cut off. */
const SLOT_BYTES = 256;
const SOCKADDR_IN6_BYTES = 28;
const CONTROL_BYTES = 128;
const CONTROL_HEADER_BYTES = 16;

/** Some hundred datagrams: those that arrive while this process does not run. */
const RECEIVE_BUFFER = 256 * 1024;

export class HopReceiver {
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

  /** Throws `KernelError`. */
  constructor(family: Family, port: number) {
    this.#isIpv4 = family === 'ipv4';
    this.#what = `UDP socket on port ${port}`;
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

  /** Datagrams of others take no place in the queue, except for a few. */
  setSources(sources: readonly IpAddress[]): void {
    attachFilter(this.#what, this.fd, sourceFilter(sources));
  }

  /** Hands over at most `count` datagrams, and no more than 64; returns their number. */
  receive(count: number, sink: HopSink): number {
    const wanted = Math.min(count, HOP_BATCH);
    this.#vector.prepare(wanted);
    const address = this.#vector.addressFrom(0);
    const received = this.#libc.recvmmsg(this.fd, address, wanted, MSG_DONTWAIT, 0);
    for (let slot = 0; slot < received; slot++) sink(this.#arrival(slot));
    return Math.max(received, 0);
  }

  close(): void {
    closeFd(this.fd);
  }

  #arrival(slot: number): HopArrival {
    const vector = this.#vector;
    const name = at(vector.names, slot);
    const bytes = at(vector.data, slot).subarray(0, vector.received(slot));
    const source = ipFromBytes(this.#isIpv4 ? name.subarray(4, 8) : name.subarray(8, 24));
    const control = at(vector.controls, slot);
    const end = Math.min(vector.controlLength(slot), control.byteLength);
    let [destination, index, ttl]: [IpAddress | undefined, number, number] = [undefined, 0, 0];
    for (let offset = 0; offset + CONTROL_HEADER_BYTES <= end; ) {
      const length = control.getUint32(offset, true);
      if (length < CONTROL_HEADER_BYTES || offset + length > end) break;
      const data = offset + CONTROL_HEADER_BYTES;
      const held = length - CONTROL_HEADER_BYTES;
      switch (control.getInt32(offset + 12, true)) {
        case this.#isIpv4 ? IP_TTL : IPV6_HOPLIMIT:
          if (held >= 4) ttl = control.getInt32(data, true);
          break;
        case this.#isIpv4 ? IP_PKTINFO : IPV6_PKTINFO:
          if (held < (this.#isIpv4 ? 12 : 20)) break;
          index = control.getUint32(data + (this.#isIpv4 ? 0 : 16), true);
          destination = addressIn(control, data + (this.#isIpv4 ? 8 : 0), this.#isIpv4 ? 4 : 16);
          break;
      }
      offset += (length + 7) & ~7;
    }
    return { bytes, source, destination, index, ttl };
  }
}

function addressIn(control: DataView, offset: number, length: number): IpAddress {
  return ipFromBytes(new Uint8Array(control.buffer, control.byteOffset + offset, length));
}
