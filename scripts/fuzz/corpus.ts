/** Valid input: the receive vectors in every encapsulation, and the output of the encoders. */
import { readFileSync } from 'node:fs';
import { ip, mac } from '../../src/net/address.ts';
import type { Route, Rule } from '../../src/net/routing.ts';
import { encodeArpAnnouncement } from '../../src/wire/arp.ts';
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  encodeEthernetFrame,
  multicastMac,
} from '../../src/wire/ethernet.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../src/wire/ip.ts';
import { encodeNeighborAdvertisement } from '../../src/wire/neighbor.ts';
import { AttributeWriter } from '../../src/wire/netlink/attributes.ts';
import { encodeMessage, NLMSG_ERROR } from '../../src/wire/netlink/message.ts';
import { encodeNewAddress, RTM_NEWADDR } from '../../src/wire/netlink/route/address.ts';
import { RTM_NEWLINK } from '../../src/wire/netlink/route/link.ts';
import { encodeNewMacvlan } from '../../src/wire/netlink/route/macvlan.ts';
import { encodeRoute, RTM_NEWROUTE } from '../../src/wire/netlink/route/route.ts';
import { encodeRule, RTM_NEWRULE } from '../../src/wire/netlink/route/rule.ts';
import type { Vector } from '../../test/fixtures/vectors.ts';

/** From the root of the repository, where npm runs its scripts. */
const VECTORS = 'test/fixtures/vectors.json';

const OWN_MAC = mac('02:00:00:00:00:01');

const ROUTE: Route = {
  kind: 'route',
  family: 'ipv4',
  destination: { address: ip('198.51.100.0'), length: 24 },
  via: ip('192.0.2.1'),
  interface: 'eth0',
  source: ip('192.0.2.100'),
  metric: 5,
  table: 100,
  onlink: true,
  mtu: 1400,
};

const RULE: Rule = {
  kind: 'rule',
  family: 'ipv6',
  from: { address: ip('2001:db8::'), length: 64 },
  to: undefined,
  incoming: 'eth0',
  outgoing: undefined,
  priority: 1000,
  table: 100,
};

const vectors = (JSON.parse(readFileSync(VECTORS, 'utf8')) as { readonly vectors: Vector[] })
  .vectors;

/** VRRP messages without IP headers. */
export const MESSAGES: readonly Uint8Array[] = vectors.map(({ hex }) => Buffer.from(hex, 'hex'));

export const PACKETS: readonly Uint8Array[] = vectors.map(packetOf);

export const FRAMES: readonly Uint8Array[] = [
  ...vectors.map(frameOf),
  ...vectors.filter(({ family }) => family === 'ipv6').flatMap(fragmentsOf),
  encodeArpAnnouncement(OWN_MAC, ip('192.0.2.100'), 'request'),
  encodeArpAnnouncement(OWN_MAC, ip('192.0.2.100'), 'reply'),
  neighborAdvertisement(),
  tagged(encodeArpAnnouncement(OWN_MAC, ip('192.0.2.101'), 'reply')),
];

/** Datagrams of one or several messages. */
export const NETLINK: readonly Uint8Array[] = netlinkDatagrams();

export const CAPTURES: readonly Uint8Array[] = [
  captureOf(FRAMES.slice(0, 4), 0xa1b2c3d4),
  captureOf(FRAMES.slice(4, 6), 0xa1b23c4d),
  captureOf(PACKETS.slice(0, 2), 0xa1b2c3d4, 101),
  captureOf(PACKETS.slice(0, 2).map(cooked), 0xa1b2c3d4, 113),
  captureOf(PACKETS.slice(2, 4).map(cooked2), 0xa1b2c3d4, 276),
  pcapngOf(FRAMES.slice(0, 3)),
];

export function packetOf(vector: Vector): Uint8Array {
  const message = Buffer.from(vector.hex, 'hex');
  const header = { source: ip(vector.src), destination: ip(vector.dst), trafficClass: 0xc0 };
  return vector.family === 'ipv4'
    ? encodeIpv4Packet({ ...header, ttl: vector.ttl, protocol: 112 }, message)
    : encodeIpv6Packet({ ...header, hopLimit: vector.ttl, nextHeader: 112 }, message);
}

function frameOf(vector: Vector): Uint8Array {
  const etherType = vector.family === 'ipv4' ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
  const destination = multicastMac(ip(vector.dst));
  return encodeEthernetFrame({ destination, source: OWN_MAC, etherType }, packetOf(vector));
}

/** Fragments of eight bytes, the smallest size: those of two vectors have the same identification. */
function fragmentsOf(vector: Vector): Uint8Array[] {
  const packet = packetOf(vector);
  const frame = frameOf(vector);
  const [ethernet, header] = [frame.subarray(0, 14), packet.slice(0, 40)];
  const payload = packet.subarray(40);
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < payload.length; offset += 16) {
    const part = payload.subarray(offset, offset + 16);
    const more = offset + 16 < payload.length ? 1 : 0;
    const length = part.length + 8;
    header[4] = length >>> 8;
    header[5] = length & 0xff;
    header[6] = 44;
    const extension = Uint8Array.of(112, 0, offset >>> 8, offset | more, 0, 0, 0, 7);
    parts.push(Buffer.concat([ethernet, header, extension, part]));
  }
  return parts;
}

function neighborAdvertisement(): Uint8Array {
  return encodeNeighborAdvertisement(OWN_MAC, ip('fe80::100'), { router: true });
}

function tagged(frame: Uint8Array): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, 0, 5, ...frame.subarray(12));
}

function netlinkDatagrams(): Uint8Array[] {
  const message = (type: number, payload: Uint8Array, flags = 0) =>
    encodeMessage({ type, flags, sequence: 7, payload });
  const addresses = ['192.0.2.100/32', '2001:db8::1/64'].map((text) => {
    const [address = '', length = ''] = text.split('/');
    const key = { index: 2, address: ip(address), prefixLength: Number(length) };
    return message(RTM_NEWADDR, encodeNewAddress(key));
  });
  const link = message(RTM_NEWLINK, withAttributes(16, linkAttributes()));
  const refusal = new AttributeWriter().text(1, 'Address already assigned').uint32(2, 24);
  const error = message(NLMSG_ERROR, withAttributes(20, refusal), 0x300);
  const macvlan = message(
    RTM_NEWLINK,
    encodeNewMacvlan({ name: 'vr4-55-eth0', parent: 2, mac: OWN_MAC }),
  );
  const route = message(RTM_NEWROUTE, encodeRoute(ROUTE, 2, 'add'));
  const rule = message(RTM_NEWRULE, encodeRule(RULE));
  const all = [...addresses, link, macvlan, route, rule, error];
  return [...all, Buffer.concat([link, ...addresses, error])];
}

function linkAttributes(): AttributeWriter {
  return new AttributeWriter()
    .text(3, 'eth0')
    .bytes(1, Uint8Array.of(2, 0, 0, 0, 0, 1))
    .uint32(4, 1500)
    .uint8(16, 6)
    .nested(18, (inner) => inner.text(1, 'veth').uint16(2, 1));
}

function withAttributes(headerLength: number, attributes: AttributeWriter): Uint8Array {
  return Buffer.concat([new Uint8Array(headerLength), attributes.finish()]);
}

function captureOf(frames: readonly Uint8Array[], magic: number, linkType = 1): Uint8Array {
  return Buffer.concat([
    words(magic, 0x0004_0002, 0, 0, 262_144, linkType),
    ...frames.flatMap((frame) => [words(1_000, 5, frame.length, frame.length), frame]),
  ]);
}

function pcapngOf(frames: readonly Uint8Array[]): Uint8Array {
  const block = (type: number, ...body: Uint8Array[]) => {
    const content = Buffer.concat(body);
    const padding = Buffer.alloc((4 - (content.length % 4)) % 4);
    const length = words(content.length + padding.length + 12);
    return Buffer.concat([words(type), length, content, padding, length]);
  };
  const options = words(0x0004_0002, 0x3068_7465, 0x0001_0009, 9, 0x0008_000e, 1, 0, 0);
  return Buffer.concat([
    block(0x0a0d0d0a, words(0x1a2b3c4d, 1, 0xffff_ffff, 0xffff_ffff)),
    block(1, words(1, 262_144), options),
    block(1, words(1, 0)),
    ...frames.map((frame) => block(6, words(0, 99, 7, frame.length, frame.length), frame)),
    ...frames.slice(0, 1).map((frame) => block(3, words(frame.length), frame)),
    ...frames.slice(0, 1).map((frame) => block(2, words(1, 0, 9, frame.length, 60), frame)),
  ]);
}

function cooked(packet: Uint8Array): Uint8Array {
  const protocol = packetVersion(packet) === 4 ? [0x08, 0x00] : [0x86, 0xdd];
  return Uint8Array.of(0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, ...protocol, ...packet);
}

function cooked2(packet: Uint8Array): Uint8Array {
  const protocol = packetVersion(packet) === 4 ? [0x08, 0x00] : [0x86, 0xdd];
  const sender = [2, 0, 0, 0, 0, 1, 0, 0];
  return Uint8Array.of(...protocol, 0, 0, 0, 0, 0, 3, 0, 1, 2, 6, ...sender, ...packet);
}

function packetVersion(packet: Uint8Array): number {
  return (packet[0] ?? 0) >>> 4;
}

function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}
