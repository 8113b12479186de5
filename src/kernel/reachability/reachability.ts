/**
 * Asks one host on one link whether it is reachable, and recognises its answer among others. A socket
 * serves one question. Throws `KernelError` if the link or the permission is missing.
 */
import { type Family, familyOf, type IpAddress, ip, type MacAddress } from '../../net/address.ts';
import { ENODEV } from '../../net/errno.ts';
import { ARP_REPLY, ARP_REQUEST, encodeArp } from '../../wire/arp.ts';
import { BROADCAST_MAC, ETHERTYPE_ARP, encodeEthernetFrame } from '../../wire/ethernet.ts';
import { decodeFrame } from '../../wire/frame.ts';
import { solicitedNodeGroup } from '../../wire/neighbor.ts';
import {
  type Echo,
  encodeEchoRequest,
  encodeNeighborSolicitation,
  isEchoReply,
  isNeighborAnswer,
} from '../../wire/solicitation.ts';
import {
  AF_INET,
  AF_INET6,
  AF_PACKET,
  ETH_P_ARP,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IPV6,
  IPV6_MULTICAST_HOPS,
  IPV6_UNICAST_HOPS,
  MSG_DONTWAIT,
  SOCK_RAW,
} from '../ffi/constants.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import { libc } from '../ffi/libc.ts';
import {
  bindAddress,
  bindToLink,
  closeFd,
  configured,
  openSocket,
  setOption,
} from '../ffi/socket.ts';
import { ipSocketAddress, linkSocketAddress } from '../ffi/socket-address.ts';

export type ReachabilityMethod = 'arp' | 'nd' | 'icmp';

interface ReachabilityQuestion {
  readonly address: IpAddress;
  readonly link: string;
  readonly via: ReachabilityMethod;
  /** The MAC address of the link. */
  readonly mac: MacAddress;
  /** Our IPv4 address on the link; `0.0.0.0` if it has none (RFC 5227 section 1.1). */
  readonly source: IpAddress;
  readonly echo: Echo;
}

const PACKET_BYTES = 2_048;
const ANSWERS_AT_ONCE = 64;
/** Receivers discard Neighbor Discovery that a router may have forwarded (RFC 4861 section 7.1). */
const HOP_LIMIT = 255;
const UNSPECIFIED = ip('0.0.0.0');

export class Reachability {
  /** For the reactor. */
  readonly fd: number;
  readonly #question: ReachabilityQuestion;
  readonly #index: number;
  readonly #family: Family;

  constructor(question: ReachabilityQuestion) {
    this.#question = question;
    this.#family = familyOf(question.address);
    this.#index = libc().if_nametoindex(question.link);
    if (this.#index === 0) throw new KernelError(`find ${question.link}`, ENODEV);
    this.fd = question.via === 'arp' ? this.#openPacketSocket() : this.#openRawSocket();
  }

  ask(): void {
    const { via, address, mac, echo } = this.#question;
    if (via === 'arp') this.#send(this.#arpRequest(), undefined);
    else if (via === 'nd') {
      this.#send(encodeNeighborSolicitation(address, mac), solicitedNodeGroup(address));
    } else this.#send(encodeEchoRequest(this.#family, echo), address);
  }

  /** Reads what has arrived; returns true if the answer is among it. */
  isAnswered(): boolean {
    const buffer = new Uint8Array(PACKET_BYTES);
    for (let count = 0; count < ANSWERS_AT_ONCE; count++) {
      const length = libc().recv(this.fd, buffer, PACKET_BYTES, MSG_DONTWAIT);
      if (length < 0) return false;
      if (this.#answers(buffer.subarray(0, length))) return true;
    }
    return false;
  }

  close(): void {
    closeFd(this.fd);
  }

  #answers(packet: Uint8Array): boolean {
    const { via, address, echo } = this.#question;
    if (via === 'icmp') return isEchoReply(this.#family, packet, echo);
    if (via === 'nd') return isNeighborAnswer(packet, address);
    const frame = decodeFrame(packet);
    if (frame.kind !== 'arp') return false;
    return frame.arp.operation === ARP_REPLY && frame.arp.senderIp === address;
  }

  #arpRequest(): Uint8Array {
    const { address, mac, source } = this.#question;
    const arp = encodeArp({
      operation: ARP_REQUEST,
      senderMac: mac,
      senderIp: source,
      targetMac: mac,
      targetIp: address,
    });
    return encodeEthernetFrame(
      { destination: BROADCAST_MAC, source: mac, etherType: ETHERTYPE_ARP },
      arp,
    );
  }

  #send(packet: Uint8Array, to: IpAddress | undefined): void {
    const address =
      to === undefined
        ? linkSocketAddress(this.#index, ETH_P_ARP)
        : ipSocketAddress(to, this.#index);
    const sent = libc().sendto(this.fd, packet, packet.length, 0, address, address.length);
    if (sent < 0) throw new KernelError(`ask ${this.#question.address}`, libc().errno());
  }

  #openPacketSocket(): number {
    const what = `ARP socket on ${this.#question.link}`;
    return configured(openSocket(what, AF_PACKET, SOCK_RAW, 0), (fd) =>
      bindAddress(what, fd, linkSocketAddress(this.#index, ETH_P_ARP)),
    );
  }

  #openRawSocket(): number {
    const { link, via, source } = this.#question;
    const what = `ICMP socket on ${link}`;
    const isIpv4 = this.#family === 'ipv4';
    const domain = isIpv4 ? AF_INET : AF_INET6;
    const protocol = isIpv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
    return configured(openSocket(what, domain, SOCK_RAW, protocol), (fd) => {
      bindToLink(what, fd, this.#index);
      // The answer to a question from a VIP would go to the MASTER.
      if (isIpv4 && source !== UNSPECIFIED) bindAddress(what, fd, ipSocketAddress(source, 0));
      if (via !== 'nd') return;
      setOption(what, fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, HOP_LIMIT);
      setOption(what, fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, HOP_LIMIT);
    });
  }
}
