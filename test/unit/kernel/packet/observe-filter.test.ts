import { describe, expect, test } from 'vitest';
import { observeFilter } from '../../../../src/kernel/packet/observe-filter.ts';
import { ip, mac } from '../../../../src/net/address.ts';
import { encodeArp, encodeArpAnnouncement } from '../../../../src/wire/arp.ts';
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  encodeEthernetFrame,
} from '../../../../src/wire/ethernet.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../../../src/wire/ip.ts';
import { encodeNeighborAdvertisement } from '../../../../src/wire/neighbor.ts';
import { runFilter } from './classic-bpf.ts';

const SOURCE = mac('02:00:00:00:00:01');
const DESTINATION = mac('02:00:00:00:00:02');
const VLAN_TAG = 44;

function frame(etherType: number, payload: Uint8Array): Uint8Array {
  return encodeEthernetFrame({ destination: DESTINATION, source: SOURCE, etherType }, payload);
}

function ipv4(protocol: number, payload = new Uint8Array(12)): Uint8Array {
  const ends = { source: ip('192.0.2.1'), destination: ip('224.0.0.18') };
  const header = { ...ends, ttl: 255, trafficClass: 0, protocol };
  return frame(ETHERTYPE_IPV4, encodeIpv4Packet(header, payload));
}

function ipv6(nextHeader: number, payload = new Uint8Array(24)): Uint8Array {
  const ends = { source: ip('fe80::1'), destination: ip('ff02::12') };
  const header = { ...ends, hopLimit: 255, trafficClass: 0, nextHeader };
  return frame(ETHERTYPE_IPV6, encodeIpv6Packet(header, payload));
}

function arpQuestion(): Uint8Array {
  const sender = { senderMac: SOURCE, senderIp: ip('192.0.2.1') };
  const target = { targetMac: mac('00:00:00:00:00:00'), targetIp: ip('192.0.2.100') };
  return frame(ETHERTYPE_ARP, encodeArp({ operation: 1, ...sender, ...target }));
}

function passes(bytes: Uint8Array, ancillary: Record<number, number> = {}): boolean {
  return runFilter(observeFilter(), bytes, ancillary) > 0;
}

describe('the observer of a link', () => {
  test.each([
    ['VRRP over IPv4', ipv4(112)],
    ['VRRP over IPv4 without a message', ipv4(112, new Uint8Array())],
    ['VRRP over IPv6', ipv6(112)],
    ['a fragment of VRRP over IPv6', ipv6(44, Uint8Array.of(112, ...new Uint8Array(23)))],
    ['a gratuitous ARP request', encodeArpAnnouncement(SOURCE, ip('192.0.2.100'), 'request')],
    ['a gratuitous ARP reply', encodeArpAnnouncement(SOURCE, ip('192.0.2.100'), 'reply')],
    [
      'a Neighbor Advertisement',
      encodeNeighborAdvertisement(SOURCE, ip('fe80::100'), { router: true }),
    ],
  ])('receives %s', (_, bytes) => {
    expect(passes(bytes)).toBe(true);
  });

  test.each([
    ['TCP', ipv4(6)],
    ['TCP over IPv6', ipv6(6)],
    ['a fragment of UDP over IPv6', ipv6(44, Uint8Array.of(17, ...new Uint8Array(23)))],
    ['a Neighbor Solicitation', ipv6(58, Uint8Array.of(135, ...new Uint8Array(23)))],
    ['an ARP question', arpQuestion()],
    ['another EtherType', frame(0x88cc, new Uint8Array(46))],
    ['a frame that is cut off', ipv4(112).subarray(0, 20)],
  ])('does not receive %s', (_, bytes) => {
    expect(passes(bytes)).toBe(false);
  });

  test('does not receive VLANs on top of the link, but accepts a priority tag', () => {
    expect(passes(ipv4(112), { [VLAN_TAG]: 10 })).toBe(false);
    expect(passes(ipv4(112), { [VLAN_TAG]: 0xe000 })).toBe(true);
  });
});
