/**
 * Sends on the loopback interface what a take-over sends on its link, so that the way through libc
 * and the kernel is in the processor's caches. Nobody takes it up, and nobody complains of it: the IPv4
 * group has no member there and the protocol is one for experiments (RFC 3692), the IPv6 packet says
 * that nothing follows (RFC 8200 section 4.7), and the EtherType is that of loop-back tests.
 */
import { type Family, type IpAddress, ip, mac } from '../../net/address.ts';
import type { OutgoingDatagram, OutgoingFrame } from '../../net/link.ts';
import { encodeEthernetFrame } from '../../wire/ethernet.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../wire/ip.ts';
import { Sender } from './sender.ts';

/** The first interface of every network namespace (LOOPBACK_IFINDEX in include/net/flow.h). */
const LOOPBACK = 1;
const PROTOCOL_EXPERIMENT = 253;
const NO_NEXT_HEADER = 59;
const ETHERTYPE_LOOPBACK = 0x9000;
const NOBODY = mac('00:00:00:00:00:00');
/** Like a short advertisement, an ARP and an ND message. */
const PAYLOAD = new Uint8Array(28);

const DATAGRAMS: { readonly [F in Family]: readonly OutgoingDatagram[] } = {
  ipv4: [ipv4Datagram()],
  ipv6: [ipv6Datagram()],
};

const FRAMES: readonly OutgoingFrame[] = [
  {
    index: LOOPBACK,
    frame: encodeEthernetFrame(
      { destination: NOBODY, source: NOBODY, etherType: ETHERTYPE_LOOPBACK },
      PAYLOAD,
    ),
  },
];

export class SendRehearsal {
  readonly #sender = new Sender();

  /** What fails is nobody's loss: the interface may be down. */
  send(families: Iterable<Family>): void {
    for (const family of families) this.#sender.sendDatagrams(DATAGRAMS[family]);
    this.#sender.sendFrames(FRAMES);
  }

  close(): void {
    this.#sender.close();
  }
}

function datagram(packet: Uint8Array, destination: IpAddress): OutgoingDatagram {
  return { index: LOOPBACK, destination, packet };
}

function ipv4Datagram(): OutgoingDatagram {
  const destination = ip('224.0.0.18');
  const header = { source: ip('127.0.0.1'), destination, trafficClass: 0, ttl: 1 };
  const protocol = PROTOCOL_EXPERIMENT;
  return datagram(encodeIpv4Packet({ ...header, protocol }, PAYLOAD), destination);
}

/** To a group nothing can be routed by this interface. */
function ipv6Datagram(): OutgoingDatagram {
  const loopback = ip('::1');
  const header = { source: loopback, destination: loopback, trafficClass: 0, hopLimit: 1 };
  return datagram(encodeIpv6Packet({ ...header, nextHeader: NO_NEXT_HEADER }, PAYLOAD), loopback);
}
