/** The packets of a virtual router: IP headers around its message, gratuitous ARP and ND. */
import { familyOf, type IpAddress, type MacAddress } from '../../../net/address.ts';
import type { LinkAttributes, OutgoingDatagram } from '../../../net/link.ts';
import { PROTOCOL_VRRP, VRRP_TTL } from '../../../net/vrrp.ts';
import { encodeArpAnnouncement } from '../../../wire/arp.ts';
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  encodeEthernetFrame,
  multicastMac,
} from '../../../wire/ethernet.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../../wire/ip.ts';
import { fragmentIpv6Packet, isLaterFragment } from '../../../wire/ipv6-fragments.ts';
import { encodeNeighborAdvertisement } from '../../../wire/neighbor.ts';
import type { InstanceSettings } from '../settings.ts';

/** DSCP CS6, network control (RFC 4594 section 3.2). */
const TRAFFIC_CLASS = 0xc0;

/**
 * Accepted by every host of an Ethernet segment, even without jumbo frames: a switch silently drops a
 * longer multicast frame at the port of a host that does not accept it.
 */
const ETHERNET_MTU = 1_500;

/** One packet, or the fragments of an IPv6 packet that exceeds the MTU of the link or of Ethernet. */
export function enclose(
  { source, destination }: { readonly source: IpAddress; readonly destination: IpAddress },
  message: Uint8Array,
  fragments: { readonly mtu: number; readonly identification: number },
  ttl = VRRP_TTL,
): readonly Uint8Array[] {
  const addresses = { source, destination, trafficClass: TRAFFIC_CLASS };
  if (familyOf(source) === 'ipv4') {
    return [encodeIpv4Packet({ ...addresses, ttl, protocol: PROTOCOL_VRRP }, message)];
  }
  const header = { ...addresses, hopLimit: ttl, nextHeader: PROTOCOL_VRRP };
  const packet = encodeIpv6Packet(header, message);
  const mtu = Math.min(fragments.mtu, ETHERNET_MTU);
  return fragmentIpv6Packet(packet, mtu, fragments.identification);
}

/** The packet to a multicast group as a frame from `source`. */
export function multicastFrame(
  source: MacAddress,
  { destination, packet }: Pick<OutgoingDatagram, 'destination' | 'packet'>,
): Uint8Array {
  const etherType = familyOf(destination) === 'ipv4' ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
  return encodeEthernetFrame({ destination: multicastMac(destination), source, etherType }, packet);
}

/** The announcement of a VIP, a frame for each configured form. */
export function announcementFrames(
  address: IpAddress,
  { mac, forwarding }: LinkAttributes,
  { garp, neighborAdvertisement }: InstanceSettings,
): Uint8Array[] {
  if (familyOf(address) === 'ipv6') {
    const { router } = neighborAdvertisement;
    // As the kernel answers solicitations (ndisc_send_na in ndisc.c).
    const isRouter = router === 'auto' ? forwarding === true : router;
    return [encodeNeighborAdvertisement(mac, address, { router: isRouter })];
  }
  const forms = garp.form === 'both' ? (['request', 'reply'] as const) : [garp.form];
  return forms.map((form) => encodeArpAnnouncement(mac, address, form));
}

/** The number of messages: the fragments of one packet count once. */
export function messagesIn(datagrams: readonly OutgoingDatagram[]): number {
  if (datagrams.length === 1) return 1;
  let count = 0;
  for (const { packet } of datagrams) if (!isLaterFragment(packet)) count++;
  return count;
}
