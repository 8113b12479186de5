import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { decodeFragment, joinedPacket } from '../../../src/wire/fragment.ts';
import {
  decodeIpv4Header,
  decodeIpv6Header,
  encodeIpv4Packet,
  encodeIpv6Packet,
} from '../../../src/wire/ip.ts';
import { fromHex, toHex } from './hex.ts';

function ipv4Packet(word: number, payload: Uint8Array): Uint8Array {
  const packet = encodeIpv4Packet(
    {
      source: ip('192.0.2.11'),
      destination: ip('224.0.0.18'),
      ttl: 255,
      trafficClass: 0xc0,
      identification: 0x1234,
      protocol: 112,
    },
    payload,
  );
  packet.set([word >>> 8, word & 0xff], 6);
  return packet;
}

function ipv6Packet(nextHeader: number, payload: Uint8Array): Uint8Array {
  const header = {
    source: ip('fe80::11'),
    destination: ip('ff02::12'),
    hopLimit: 255,
    trafficClass: 0xc0,
    nextHeader,
  };
  return encodeIpv6Packet(header, payload);
}

function decoded(packet: Uint8Array) {
  const decode = packet[0] === 0x45 ? decodeIpv4Header : decodeIpv6Header;
  const header = decode(packet, 0, packet.length);
  if (!header.ok) throw new Error(header.error.code);
  return decodeFragment(packet, header.value);
}

describe('a fragment of an IPv4 packet', () => {
  test.each([
    { what: 'first', word: 0x2000, offset: 0, isLast: false },
    { what: 'middle', word: 0x2003, offset: 24, isLast: false },
    { what: 'last', word: 0x1fff, offset: 65_528, isLast: true },
  ])('is the $what part of a packet', ({ word, offset, isLast }) => {
    const packet = ipv4Packet(word, fromHex('3133 6401'));
    expect(decoded(packet)).toEqual({
      identification: 0x1234,
      protocol: 112,
      offset,
      isLast,
      header: packet.subarray(0, 20),
      part: fromHex('3133 6401'),
    });
  });

  test('is none when the packet is whole', () => {
    expect(decoded(ipv4Packet(0, fromHex('3133')))).toBeUndefined();
    expect(decoded(ipv4Packet(0x4000, fromHex('3133')))).toBeUndefined();
  });

  test('has no part of the padding behind the packet', () => {
    const packet = ipv4Packet(0x0002, fromHex('3133'));
    expect(decoded(Uint8Array.of(...packet, 0xee, 0xee))?.part).toEqual(fromHex('3133'));
  });
});

describe('a fragment of an IPv6 packet', () => {
  test.each([
    { what: 'first', word: '0001', offset: 0, isLast: false },
    { what: 'middle', word: '0019', offset: 24, isLast: false },
    { what: 'last', word: 'fff8', offset: 65_528, isLast: true },
    { what: 'last, with the reserved bits,', word: '000e', offset: 8, isLast: true },
  ])('is the $what part of a packet', ({ word, offset, isLast }) => {
    const packet = ipv6Packet(44, fromHex(`70 ff ${word} 89abcdef 3133`));
    expect(decoded(packet)).toEqual({
      identification: 0x89abcdef,
      protocol: 112,
      offset,
      isLast,
      header: packet.subarray(0, 40),
      part: fromHex('3133'),
    });
  });

  test('may be empty, but has a whole Fragment header', () => {
    expect(decoded(ipv6Packet(44, fromHex('7000000000000001')))?.part).toHaveLength(0);
    expect(decoded(ipv6Packet(44, fromHex('70000000000000')))).toBeUndefined();
  });

  test('is none when the packet is whole', () => {
    expect(decoded(ipv6Packet(112, fromHex('7000000100000001 3133')))).toBeUndefined();
  });
});

describe('the packet that is joined from fragments', () => {
  const whole = fromHex('3133 6401 0064 abcd c0000264');

  test('over IPv4 has its length, no trace of the fragments, and the right checksum', () => {
    const first = decoded(ipv4Packet(0x2000, whole.subarray(0, 8)));
    if (first === undefined) throw new Error('no fragment');
    const packet = joinedPacket(first, whole);
    expect(toHex(packet)).toBe(`45c0002012340000ff70065cc000020be0000012${toHex(whole)}`);
    expect(decodeIpv4Header(packet, 0, packet.length)).toMatchObject({
      value: { fragment: false, checksumRight: true, totalLength: 32, protocol: 112 },
    });
  });

  test('over IPv6 has its length, and the protocol that the Fragment header names', () => {
    const first = decoded(ipv6Packet(44, fromHex('7000 0001 00000007 3133')));
    if (first === undefined) throw new Error('no fragment');
    expect(joinedPacket(first, whole)).toEqual(ipv6Packet(112, whole));
  });
});
