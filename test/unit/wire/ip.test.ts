import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import {
  decodeIpv4Header,
  decodeIpv6Header,
  encodeIpv4Packet,
  encodeIpv6Packet,
} from '../../../src/wire/ip.ts';
import { anyAddress, anyBytes } from './arbitraries.ts';
import { fromHex, MARGIN, surrounded } from './hex.ts';

const anyByte = fc.integer({ min: 0, max: 255 });

const ipv4 = {
  source: ip('192.0.2.11'),
  destination: ip('224.0.0.18'),
  ttl: 255,
  trafficClass: 0xc0,
  protocol: 112,
};
const ipv6 = {
  source: ip('fe80::11'),
  destination: ip('ff02::12'),
  hopLimit: 255,
  trafficClass: 0xc0,
  nextHeader: 112,
};

describe('an IPv4 packet', () => {
  test('is sent with five words of header, without flags, and with its checksum', () => {
    expect(encodeIpv4Packet({ ...ipv4, identification: 0x1234 }, fromHex('abcd'))).toEqual(
      fromHex('45c00016 12340000 ff700666 c000020b e0000012 abcd'),
    );
  });

  test('reads back as what was sent', () => {
    const header = fc.record({
      source: anyAddress('ipv4'),
      destination: anyAddress('ipv4'),
      ttl: anyByte,
      trafficClass: anyByte,
      protocol: anyByte,
      identification: fc.integer({ min: 0, max: 0xffff }),
    });
    fc.assert(
      fc.property(header, anyBytes, (fields, payload) => {
        const packet = encodeIpv4Packet(fields, payload);
        expect(decodeIpv4Header(packet, 0, packet.length)).toEqual({
          ok: true,
          value: {
            ...fields,
            family: 'ipv4',
            headerLength: 20,
            totalLength: 20 + payload.length,
            fragment: false,
            checksumRight: true,
          },
        });
        expect(packet.subarray(20)).toEqual(payload);
      }),
    );
  });

  test('may have options and padding', () => {
    const packet = fromHex('46c0001a0000000001700000c000020be000001294040000abcd 0000');
    expect(decodeIpv4Header(packet, 0, packet.length)).toMatchObject({
      ok: true,
      value: { headerLength: 24, totalLength: 26, ttl: 1, protocol: 112, checksumRight: false },
    });
  });

  test.each([
    { what: 'the first of several fragments', word: 0x2000, fragment: true },
    { what: 'the last of several fragments', word: 0x00b9, fragment: true },
    { what: 'whole though it must not be fragmented', word: 0x4000, fragment: false },
  ])('is $what', ({ word, fragment }) => {
    const packet = encodeIpv4Packet(ipv4, new Uint8Array(8));
    packet[6] = word >>> 8;
    packet[7] = word & 0xff;
    expect(decodeIpv4Header(packet, 0, packet.length)).toMatchObject({ value: { fragment } });
  });

  test.each([
    { hex: '4500', error: { code: 'ip-truncated', length: 2, expected: 20 } },
    {
      hex: '4500001500000000ff700000c000020be0000012',
      error: { code: 'ip-truncated', length: 20, expected: 21 },
    },
    {
      hex: '6500001400000000ff700000c000020be0000012',
      error: { code: 'ip-version-error', version: 6 },
    },
    {
      hex: '4400001400000000ff700000c000020be0000012',
      error: { code: 'ip-header-length-error', headerLength: 16, totalLength: 20 },
    },
    {
      hex: '4600001400000000ff700000c000020be0000012',
      error: { code: 'ip-header-length-error', headerLength: 24, totalLength: 20 },
    },
  ])('is refused with $error.code', ({ hex, error }) => {
    const bytes = fromHex(hex);
    expect(decodeIpv4Header(bytes, 0, bytes.length)).toEqual({ ok: false, error });
  });

  test('is never longer than its length field can express', () => {
    expect(encodeIpv4Packet(ipv4, new Uint8Array(65_515))).toHaveLength(65_535);
    expect(() => encodeIpv4Packet(ipv4, new Uint8Array(65_516))).toThrow(
      new RangeError('total length is 65536, not 20..65535'),
    );
  });

  test.each([
    [{ trafficClass: 256 }, 'traffic class is 256, not 0..255'],
    [{ trafficClass: -1 }, 'traffic class is -1, not 0..255'],
    [{ identification: 65_536 }, 'identification is 65536, not 0..65535'],
    [{ ttl: 256 }, 'TTL is 256, not 0..255'],
    [{ protocol: 256 }, 'protocol is 256, not 0..255'],
  ])('has no field like %j', (change, message) => {
    const encode = () => encodeIpv4Packet({ ...ipv4, ...change }, new Uint8Array(0));
    expect(encode).toThrow(new RangeError(message));
  });
});

describe('an IPv6 packet', () => {
  test('is sent without flow label and extension headers', () => {
    expect(encodeIpv6Packet(ipv6, fromHex('abcd'))).toEqual(
      fromHex(`6c000000 000270ff
               fe80000000000000 0000000000000011
               ff02000000000000 0000000000000012 abcd`),
    );
  });

  test('reads back as what was sent', () => {
    const header = fc.record({
      source: anyAddress('ipv6'),
      destination: anyAddress('ipv6'),
      hopLimit: anyByte,
      trafficClass: anyByte,
      nextHeader: anyByte,
    });
    fc.assert(
      fc.property(header, anyBytes, (fields, payload) => {
        const packet = encodeIpv6Packet(fields, payload);
        expect(decodeIpv6Header(packet, 0, packet.length)).toEqual({
          ok: true,
          value: {
            family: 'ipv6',
            headerLength: 40,
            totalLength: 40 + payload.length,
            trafficClass: fields.trafficClass,
            protocol: fields.nextHeader,
            ttl: fields.hopLimit,
            source: fields.source,
            destination: fields.destination,
          },
        });
        expect(packet.subarray(40)).toEqual(payload);
      }),
    );
  });

  test.each([
    { what: 'a header cut short', cut: 39, error: { length: 39, expected: 40 } },
    { what: 'a payload cut short', cut: 41, error: { length: 41, expected: 42 } },
  ])('is refused for $what', ({ cut, error }) => {
    const packet = encodeIpv6Packet(ipv6, fromHex('abcd'));
    expect(decodeIpv6Header(packet, 0, cut)).toEqual({
      ok: false,
      error: { code: 'ip-truncated', ...error },
    });
  });

  test('is refused when the version is another', () => {
    const packet = encodeIpv6Packet(ipv6, new Uint8Array(0));
    packet[0] = 0x45;
    expect(decodeIpv6Header(packet, 0, 40)).toEqual({
      ok: false,
      error: { code: 'ip-version-error', version: 4 },
    });
  });

  test('is never longer than its length field can express', () => {
    expect(encodeIpv6Packet(ipv6, new Uint8Array(65_535))).toHaveLength(65_575);
    expect(() => encodeIpv6Packet(ipv6, new Uint8Array(65_536))).toThrow(
      new RangeError('payload length is 65536, not 0..65535'),
    );
  });

  test.each([
    [{ trafficClass: 256 }, 'traffic class is 256, not 0..255'],
    [{ nextHeader: 256 }, 'next header is 256, not 0..255'],
    [{ hopLimit: 256 }, 'hop limit is 256, not 0..255'],
  ])('has no field like %j', (change, message) => {
    const encode = () => encodeIpv6Packet({ ...ipv6, ...change }, new Uint8Array(0));
    expect(encode).toThrow(new RangeError(message));
  });
});

test('any bytes give a result that surrounding bytes do not change', () => {
  const likely = fc.tuple(fc.constantFrom(0x45, 0x47, 0x60), anyBytes).map(([first, rest]) => {
    const bytes = Uint8Array.of(first, 0, 0, 0, 0, 0, ...rest);
    if (first === 0x60) bytes[5] = Math.max(0, bytes.length - 40);
    else bytes[3] = bytes.length;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(anyBytes, likely), (bytes) => {
      for (const decode of [decodeIpv4Header, decodeIpv6Header]) {
        const alone = decode(bytes, 0, bytes.length);
        for (const filler of [0x00, 0x45, 0xff]) {
          expect(decode(surrounded(bytes, filler), MARGIN, bytes.length)).toEqual(alone);
        }
      }
    }),
  );
});
