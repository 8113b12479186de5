import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import {
  decodeGateway,
  decodePrefixRoute,
  encodeGatewayQuestion,
  encodePrefixQuestion,
} from '../../../../../src/wire/netlink/route/gateway.ts';

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

describe('the question for the gateway of a link', () => {
  test('is that of ip(8): the whole destination, and the link', () => {
    expect(encodeGatewayQuestion('ipv4', 3)).toEqual(
      bytes('02 20 0000 00 00 00 00 00000000  0800 0100 f0000001  0800 0400 03000000'),
    );
  });

  test('asks of IPv6 for an address of 128 bits', () => {
    expect(encodeGatewayQuestion('ipv6', 3).subarray(0, 32)).toEqual(
      bytes('0a 80 0000 00 00 00 00 00000000  1400 0100 2000 0000000000000000000000000001'),
    );
  });
});

describe('the answer', () => {
  /** `ip route get 240.0.0.1 oif eth0`, with a default route by 192.0.2.1. */
  const IPV4 =
    '02 20 0000 fe 00 00 01 00020000  0800 0f00 fe000000  0800 0100 f0000001 ' +
    '0800 0400 03000000  0800 0700 c000020b  0800 1900 00000000  0800 0500 c0000201';

  test('has the gateway', () => {
    expect(decodeGateway(bytes(IPV4))).toBe(ip('192.0.2.1'));
  });

  test('has that of IPv6, which usually is link-local', () => {
    const payload = '0a 80 0000 fe 00 00 01 00020000  1400 0500 fe80 0000000000000000000000000001';
    expect(decodeGateway(bytes(payload))).toBe(ip('fe80::1'));
  });

  test.each([
    ['a route without a gateway', '02 20 0000 fe 00 00 01 00020000  0800 0400 03000000'],
    ['a gateway of another length', '02 20 0000 fe 00 00 01 00020000  0600 0500 c000 0000'],
    ['an attribute that is cut off', '02 20 0000 fe 00 00 01 00020000  0800 0500 c000'],
    ['a header that is cut off', '02 20 0000 fe 00'],
    ['nothing', ''],
  ])('is none in %s', (_, payload) => {
    expect(decodeGateway(bytes(payload))).toBeNull();
  });
});

describe('the question for the route to a prefix', () => {
  test('asks for the entry of the table, by a host and the link', () => {
    expect(encodePrefixQuestion(ip('192.0.2.77'), 3)).toEqual(
      bytes('02 20 0000 00 00 00 00 00200000  0800 0100 c000024d  0800 0400 03000000'),
    );
  });

  test.each([
    ['another one', '02 18 0000 fe 02 fd 01 00000000  0800 0100 c0000200', 'other'],
    ['ours', '02 18 0000 fe 70 fd 01 00000000  0800 0100 c0000200  0800 0600 00080000', 'ours'],
    ['ours, and no stand-in', '02 18 0000 fe 70 fd 01 00000000  0800 0100 c0000200', 'other'],
    [
      'like ours',
      '02 18 0000 fe 04 fd 01 00000000  0800 0100 c0000200  0800 0600 00080000',
      'other',
    ],
    ['none but a shorter one', '02 00 0000 fe 03 00 01 00000000  0800 0500 c0000201', 'none'],
    ['not known', '02 20 0000 ff 02 fe 02 00000000  0800 0100 c000024d', null],
    ['not known in what is cut off', '02 18 0000 fe', null],
  ])('has an answer: %s', (_, payload, route) => {
    expect(decodePrefixRoute(bytes(payload), 24)).toBe(route);
  });
});
