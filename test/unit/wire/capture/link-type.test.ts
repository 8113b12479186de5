import { describe, expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import {
  interfaceIndexOf,
  isKnownLinkType,
  toEthernet,
} from '../../../../src/wire/capture/link-type.ts';
import { decodeFrame } from '../../../../src/wire/frame.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../../../src/wire/ip.ts';

const SENDER = [2, 0, 0, 0, 0, 0x11];
const IPV4 = encodeIpv4Packet(
  {
    source: ip('192.0.2.11'),
    destination: ip('224.0.0.18'),
    ttl: 255,
    trafficClass: 0,
    protocol: 112,
  },
  new Uint8Array(8),
);
const IPV6 = encodeIpv6Packet(
  {
    source: ip('fe80::1'),
    destination: ip('ff02::12'),
    hopLimit: 255,
    trafficClass: 0,
    nextHeader: 112,
  },
  new Uint8Array(8),
);

const SLL = Uint8Array.of(0, 2, 0, 1, 0, 6, ...SENDER, 0, 0, 0x08, 0x00, ...IPV4);
const SLL2 = Uint8Array.of(0x08, 0, 0, 0, 0, 0, 1, 5, 0, 1, 2, 6, ...SENDER, 0, 0, ...IPV4);

function decoded(linkType: number, bytes: Uint8Array) {
  const ethernet = toEthernet(linkType, bytes);
  return ethernet === undefined ? undefined : decodeFrame(ethernet);
}

describe('a captured frame', () => {
  test.each([
    ['LINUX_SLL', 113, SLL],
    ['LINUX_SLL2', 276, SLL2],
  ])('of %s keeps its sender and its payload', (_, linkType, bytes) => {
    expect(decoded(linkType, bytes)).toMatchObject({
      kind: 'vrrp',
      ethernet: { source: '02:00:00:00:00:11', destination: '00:00:00:00:00:00' },
      ip: { source: '192.0.2.11', ttl: 255 },
    });
  });

  test.each([101, 12, 14])('of raw link type %i is IPv4 or IPv6 by its first byte', (linkType) => {
    expect(decoded(linkType, IPV4)).toMatchObject({ kind: 'vrrp', ip: { family: 'ipv4' } });
    expect(decoded(linkType, IPV6)).toMatchObject({ kind: 'vrrp', ip: { family: 'ipv6' } });
  });

  test('of a capture of all interfaces has the index of its interface', () => {
    expect(interfaceIndexOf(276, SLL2)).toBe(261);
    expect(interfaceIndexOf(113, SLL)).toBeUndefined();
    expect(interfaceIndexOf(276, SLL2.subarray(0, 19))).toBeUndefined();
  });

  test('of Ethernet is the frame itself', () => {
    expect(toEthernet(1, IPV4)).toBe(IPV4);
  });

  test('that is too short, or of an unknown link layer, is refused', () => {
    expect(toEthernet(113, SLL.subarray(0, 15))).toBeUndefined();
    expect(toEthernet(276, SLL2.subarray(0, 19))).toBeUndefined();
    expect(toEthernet(101, new Uint8Array(20))).toBeUndefined();
    expect(toEthernet(127, IPV4)).toBeUndefined();
    expect([1, 113, 276, 101, 228, 229, 127, 0].map(isKnownLinkType)).toEqual([
      ...[true, true, true, true, true, true],
      ...[false, false],
    ]);
  });
});

describe('the Ethernet frame that is made of one', () => {
  const NO_MAC = [0, 0, 0, 0, 0, 0];
  const bytesOf = (linkType: number, bytes: Uint8Array) => [...(toEthernet(linkType, bytes) ?? [])];

  test('has the sender and the protocol, and zero for what is not known', () => {
    const frame = [...NO_MAC, ...SENDER, 0x08, 0x00, ...IPV4];
    expect(bytesOf(113, SLL)).toEqual(frame);
    expect(bytesOf(276, SLL2)).toEqual(frame);
    expect(bytesOf(101, IPV4)).toEqual([...NO_MAC, ...NO_MAC, 0x08, 0x00, ...IPV4]);
    expect(bytesOf(229, IPV6)).toEqual([...NO_MAC, ...NO_MAC, 0x86, 0xdd, ...IPV6]);
  });

  test('may be empty', () => {
    expect(bytesOf(113, SLL.subarray(0, 16))).toEqual([...NO_MAC, ...SENDER, 0x08, 0x00]);
    expect(bytesOf(276, SLL2.subarray(0, 20))).toEqual([...NO_MAC, ...SENDER, 0x08, 0x00]);
    expect(interfaceIndexOf(276, SLL2.subarray(0, 20))).toBe(261);
  });
});
