/**
 * Sends one echo request to an address, by the routes of the host, and recognises the answer. The socket
 * is connected, so it receives only from that address (raw(7)). Throws `KernelError` without a route or
 * permission.
 */
import { type Family, familyOf, type IpAddress } from '../../net/address.ts';
import { encodeEchoRequest, isEchoReply } from '../../wire/solicitation.ts';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  MSG_DONTWAIT,
  SOCK_RAW,
} from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';
import { closeFd, configured, openSocket } from '../ffi/socket.ts';
import { ipSocketAddress } from '../ffi/socket-address.ts';
import { nextEcho } from './echo-number.ts';

const PACKET_BYTES = 2_048;
const ANSWERS_AT_ONCE = 64;

export class Ping {
  /** For the reactor. */
  readonly fd: number;
  readonly #address: IpAddress;
  readonly #family: Family;
  readonly #echo = nextEcho();

  constructor(address: IpAddress) {
    this.#address = address;
    this.#family = familyOf(address);
    const isIpv4 = this.#family === 'ipv4';
    const domain = isIpv4 ? AF_INET : AF_INET6;
    const protocol = isIpv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    this.fd = configured(openSocket('ICMP socket', domain, SOCK_RAW, protocol), (fd) => {
      const peer = ipSocketAddress(address, 0);
      if (libc().connect(fd, peer, peer.length) < 0) throw this.#error();
    });
  }

  ask(): void {
    const request = encodeEchoRequest(this.#family, this.#echo);
    if (libc().send(this.fd, request, request.length, 0) < 0) throw this.#error();
  }

  /** Reads what has arrived; returns true if the answer is among it. */
  isAnswered(): boolean {
    const buffer = new Uint8Array(PACKET_BYTES);
    for (let count = 0; count < ANSWERS_AT_ONCE; count++) {
      const length = libc().recv(this.fd, buffer, PACKET_BYTES, MSG_DONTWAIT);
      if (length < 0) return false;
      if (isEchoReply(this.#family, buffer.subarray(0, length), this.#echo)) return true;
    }
    return false;
  }

  close(): void {
    closeFd(this.fd);
  }

  #error(): KernelError {
    return new KernelError(`ping ${this.#address}`, libc().errno());
  }
}
