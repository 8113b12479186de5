/** Text and bytes of addresses, compared with RFC 5952 and the parsers of Node. */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareIp,
  familyOf,
  ip,
  ipFromBytes,
  ipToBytes,
  isLinkLocal,
  isMulticast,
  mac,
  macFromBytes,
  macToBytes,
  networkOf,
  parseIp,
  parseMac,
} from '../../../src/net/address.ts';

const bytes4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const bytes6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** With the runs of zeros that `::` stands for. */
const sparse6 = fc
  .array(fc.constantFrom(0, 0, 0, 1, 0xab, 0xffff), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));

describe('an IP address', () => {
  test('survives a round trip through its text', () => {
    fc.assert(
      fc.property(fc.oneof(bytes4, bytes6, sparse6), (bytes) => {
        const text = ipFromBytes(bytes);
        expect(bytes.length === 4 ? isIPv4(text) : isIPv6(text)).toBe(true);
        expect(ipToBytes(text)).toEqual(bytes);
        expect(parseIp(text)).toBe(text);
        expect(familyOf(text)).toBe(bytes.length === 4 ? 'ipv4' : 'ipv6');
      }),
    );
  });

  test('is read as Node reads it, in any spelling', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = parseIp(text);
        expect(canonical).toBeDefined();
        const options = { family: 'ipv6', address: text } as const;
        const same = { family: 'ipv6', address: canonical ?? '' } as const;
        expect(new SocketAddress(same).address).toBe(new SocketAddress(options).address);
      }),
    );
  });

  test.each([
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1::', '1::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['64:ff9b::255.1.0.16', '64:ff9b::ff01:10'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
  ])('%s is written %s', (text, canonical) => {
    expect(parseIp(text)).toBe(canonical);
  });

  test.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.1000',
    '1.2..4',
    ' 1.2.3.4',
    '1.2.3.4 ',
    'x.2.3.4',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '1::2:3:4:5:6:7:8',
    '1::2::3',
    '1:::2',
    '12345::',
    'g::',
    '::1.2.3',
    '::1.2.3.400',
    'fe80::1%eth0',
  ])('%j is not an address', (text) => {
    expect(parseIp(text)).toBeUndefined();
    expect(() => ip(text)).toThrow(`not an IP address: ${text}`);
  });

  test('is compared as an unsigned number, IPv4 before IPv6', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(bytes4, bytes4), fc.tuple(bytes6, bytes6)), ([a, b]) => {
        const order = Math.sign(compareIp(ipFromBytes(a), ipFromBytes(b)));
        expect(order).toBe(Math.sign(Buffer.compare(a, b)));
      }),
    );
    expect(compareIp(ip('9.9.9.9'), ip('10.0.0.0'))).toBeLessThan(0);
    expect(compareIp(ip('255.255.255.255'), ip('::'))).toBeLessThan(0);
    expect(compareIp(ip('192.0.2.1'), ip('192.0.2.1'))).toBe(0);
  });

  test.each([
    ['169.254.0.0', true],
    ['169.253.255.255', false],
    ['168.254.0.1', false],
    ['fe80::1', true],
    ['febf:ffff::1', true],
    ['fec0::1', false],
    ['fd80::1', false],
  ])('%s: is link-local: %s', (text, expected) => {
    expect(isLinkLocal(ip(text))).toBe(expected);
  });

  test.each([
    ['223.255.255.255', false],
    ['224.0.0.18', true],
    ['239.255.255.255', true],
    ['240.0.0.0', false],
    ['ff02::12', true],
    ['fe02::12', false],
  ])('%s: is multicast: %s', (text, expected) => {
    expect(isMulticast(ip(text))).toBe(expected);
  });

  test.each([
    ['192.0.2.255', 24, '192.0.2.0'],
    ['192.0.2.255', 25, '192.0.2.128'],
    ['192.0.2.255', 32, '192.0.2.255'],
    ['192.0.2.255', 0, '0.0.0.0'],
    ['2001:db8:ffff::1', 33, '2001:db8:8000::'],
  ])('%s/%i lies in the network %s', (text, length, network) => {
    expect(networkOf(ip(text), length)).toBe(network);
  });

  test('is read at an offset of a packet, and has 4 or 16 bytes', () => {
    expect(ipFromBytes(Uint8Array.of(9, 192, 0, 2, 1, 9), 1, 4)).toBe('192.0.2.1');
    expect(() => ipFromBytes(new Uint8Array(5))).toThrow('4 or 16 bytes, not 5');
    expect(() => ipToBytes('router' as ReturnType<typeof ip>)).toThrow('not a canonical IP');
  });
});

describe('a MAC address', () => {
  test('survives a round trip through its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
        const text = macFromBytes(bytes);
        expect(macToBytes(text)).toEqual(bytes);
        expect(parseMac(text.toUpperCase())).toBe(text);
      }),
    );
    expect(macFromBytes(Uint8Array.of(1, 2, 0, 0, 0x5e, 0, 1, 0xff), 2)).toBe('00:00:5e:00:01:ff');
  });

  test.each(['', '00:00:5e:00:01', '00:00:5e:00:01:01:02', '0:0:5e:0:1:1', '00-00-5e-00-01-01'])(
    '%j is not an address',
    (text) => {
      expect(parseMac(text)).toBeUndefined();
      expect(() => mac(text)).toThrow(`not a MAC address: ${text}`);
    },
  );
});
