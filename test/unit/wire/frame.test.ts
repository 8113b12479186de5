import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import { seconds } from '../../../src/net/time.ts';
import { VRRP_GROUP } from '../../../src/net/vrrp.ts';
import { encodeArpAnnouncement } from '../../../src/wire/arp.ts';
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  encodeEthernetFrame,
  multicastMac,
} from '../../../src/wire/ethernet.ts';
import { decodeFrame } from '../../../src/wire/frame.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../../src/wire/ip.ts';
import { encodeNeighborAdvertisement } from '../../../src/wire/neighbor.ts';
import { decodeAdvertisement, encodeAdvertisement } from '../../../src/wire/vrrp/advertisement.ts';
import { matchingForm } from '../../../src/wire/vrrp/checksum.ts';
import { anyBytes } from './arbitraries.ts';
import { fromHex } from './hex.ts';

const ROUTER_MAC = mac('00:00:5e:00:01:33');

const IPV4 = { source: ip('192.0.2.11'), destination: VRRP_GROUP.ipv4 };
const IPV6 = { source: ip('fe80::11'), destination: VRRP_GROUP.ipv6 };

const advertisement = { version: 3, vrid: 51, priority: 100, interval: seconds(1) } as const;
const message4 = encodeAdvertisement(
  { ...advertisement, addresses: [ip('192.0.2.100')] },
  IPV4,
  'pseudo_header',
);
const message6 = encodeAdvertisement(
  { ...advertisement, addresses: [ip('fe80::100')] },
  IPV6,
  'rfc9568',
);

function ipv4Frame(protocol = 112, payload = message4): Uint8Array {
  const header = { ...IPV4, ttl: 255, trafficClass: 0xc0, protocol };
  return encodeEthernetFrame(
    {
      destination: multicastMac(IPV4.destination),
      source: ROUTER_MAC,
      etherType: ETHERTYPE_IPV4,
    },
    encodeIpv4Packet(header, payload),
  );
}

function ipv6Frame(nextHeader = 112, payload: Uint8Array = message6): Uint8Array {
  const header = { ...IPV6, hopLimit: 255, trafficClass: 0xc0, nextHeader };
  return encodeEthernetFrame(
    {
      destination: multicastMac(IPV6.destination),
      source: ROUTER_MAC,
      etherType: ETHERTYPE_IPV6,
    },
    encodeIpv6Packet(header, payload),
  );
}

function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  return Uint8Array.of(
    ...frame.subarray(0, 12),
    ...[0x81, 0x00, vlan >>> 8, vlan & 0xff],
    ...frame.subarray(12),
  );
}

function padded(frame: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.max(60, frame.length)).fill(0xee);
  whole.set(frame);
  return whole;
}

describe('a captured frame', () => {
  test.each([
    { name: 'IPv4', frame: ipv4Frame(), message: message4, form: 'pseudo_header' },
    { name: 'IPv6', frame: ipv6Frame(), message: message6, form: 'rfc9568' },
    {
      name: 'IPv4 in a padded frame',
      frame: padded(ipv4Frame()),
      message: message4,
      form: 'pseudo_header',
    },
    {
      name: 'IPv4 in a VLAN',
      frame: tagged(ipv4Frame(), 100),
      message: message4,
      form: 'pseudo_header',
    },
  ])('is VRRP over $name, ready for the codec', ({ frame, message, form }) => {
    const decoded = decodeFrame(frame);
    if (decoded.kind !== 'vrrp') throw new Error(decoded.kind);
    const { packet, offset, length, ip: header, ethernet } = decoded;
    expect(packet.subarray(offset, offset + length)).toEqual(message);
    expect(packet).toHaveLength(offset + length);
    expect(header).toMatchObject({ ttl: 255, trafficClass: 0xc0, protocol: 112 });
    expect(ethernet).toMatchObject({ source: ROUTER_MAC });
    expect(matchingForm(packet, offset, length, header.family)).toBe(form);
    expect(decodeAdvertisement(packet, offset, length, header.family)).toMatchObject({
      value: { vrid: 51 },
    });
  });

  test('is VRRP even if the message is invalid', () => {
    expect(decodeFrame(ipv4Frame(112, new Uint8Array(0)))).toMatchObject({
      kind: 'vrrp',
      offset: 20,
      length: 0,
    });
  });

  test('is the announcement of an IPv4 address', () => {
    const frame = encodeArpAnnouncement(ROUTER_MAC, ip('192.0.2.100'), 'reply');
    expect(decodeFrame(padded(frame))).toMatchObject({
      kind: 'arp',
      ethernet: { destination: 'ff:ff:ff:ff:ff:ff' },
      arp: { operation: 2, senderMac: ROUTER_MAC, senderIp: '192.0.2.100' },
    });
  });

  test('is the announcement of an IPv6 address', () => {
    const frame = encodeNeighborAdvertisement(ROUTER_MAC, ip('2001:db8::100'), { router: true });
    expect(decodeFrame(frame)).toMatchObject({
      kind: 'neighbor-advertisement',
      ip: { destination: 'ff02::1' },
      advertisement: { target: '2001:db8::100', targetMac: ROUTER_MAC, router: true },
    });
  });

  test('is a fragment of VRRP, with its position in the whole', () => {
    const first = ipv4Frame();
    first[20] = 0x20;
    expect(decodeFrame(first)).toMatchObject({
      kind: 'fragment',
      fragment: { protocol: 112, offset: 0, isLast: false },
    });
    expect(decodeFrame(ipv6Frame(44, fromHex('7000 0011 00000007 3107')))).toMatchObject({
      kind: 'fragment',
      fragment: { protocol: 112, identification: 7, offset: 16, isLast: false },
    });
  });

  const foreignFragment = ipv6Frame(44, fromHex('1100 0010 00000007 3107'));
  const shortFragment = ipv6Frame(44, fromHex('7000 0010 000000'));
  const spoiltAnnouncement = encodeNeighborAdvertisement(ROUTER_MAC, ip('2001:db8::100'), {
    router: true,
  });
  spoiltAnnouncement[85] = 0;

  test.each([
    { what: 'another protocol over IPv4', frame: ipv4Frame(17) },
    { what: 'another protocol over IPv6', frame: ipv6Frame(17) },
    { what: 'a fragment of another protocol', frame: foreignFragment },
    { what: 'a Fragment header cut short', frame: shortFragment },
    { what: 'IPv4 cut short', frame: ipv4Frame().subarray(0, 40) },
    { what: 'IPv6 cut short', frame: ipv6Frame().subarray(0, 60) },
    {
      what: 'ARP cut short',
      frame: encodeArpAnnouncement(ROUTER_MAC, ip('192.0.2.100'), 'request').subarray(0, 41),
    },
    { what: 'a Neighbor Advertisement with a wrong checksum', frame: spoiltAnnouncement },
    { what: 'another EtherType', frame: fromHex('01005e000012 00005e000133 88cc 0207') },
  ])('is other when it is $what', ({ frame }) => {
    expect(decodeFrame(frame)).toMatchObject({
      kind: 'other',
      ethernet: { source: ROUTER_MAC },
    });
  });

  test('is other without a header if even that is cut off', () => {
    expect(decodeFrame(fromHex('01005e00'))).toEqual({ kind: 'other', ethernet: undefined });
  });

  test('may be the beginning of a larger buffer', () => {
    const frame = ipv4Frame();
    const buffer = new Uint8Array(2048).fill(0x31);
    buffer.set(frame);
    expect(decodeFrame(buffer, frame.length)).toEqual(decodeFrame(frame));
    expect(decodeFrame(frame, frame.length + 1)).toEqual(decodeFrame(frame));
  });

  test('of any bytes gives a result that following bytes do not change', () => {
    const etherType = fc.constantFrom(ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, 0x8100);
    const likely = fc
      .tuple(etherType, fc.constantFrom('', '45', '60', '000108000604'), anyBytes)
      .map(([type, start, rest]) =>
        encodeEthernetFrame(
          { destination: ROUTER_MAC, source: ROUTER_MAC, etherType: type },
          Uint8Array.of(...fromHex(start), ...rest),
        ),
      );
    fc.assert(
      fc.property(fc.oneof(anyBytes, likely), (bytes) => {
        const alone = decodeFrame(bytes);
        for (const filler of [0x00, 0x81, 0xff]) {
          const followed = new Uint8Array(bytes.length + 64).fill(filler);
          followed.set(bytes);
          expect(decodeFrame(followed, bytes.length)).toEqual(alone);
        }
      }),
    );
  });
});
