import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Family, type IpAddress, ip } from '../../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';
import { PROTOCOL_VRRP } from '../../../../src/net/vrrp.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../../../src/wire/ip.ts';
import { encodeAdvertisement } from '../../../../src/wire/vrrp/advertisement.ts';
import {
  ipv4PseudoHeaderSum,
  ipv6PseudoHeaderSum,
  matchingForm,
} from '../../../../src/wire/vrrp/checksum.ts';
import { VECTORS, type Vector } from '../../../fixtures/vectors.ts';
import { fromHex } from '../hex.ts';

interface Packet {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

function packetAround(message: Uint8Array, source: IpAddress, destination: IpAddress): Packet {
  const envelope = { source, destination, trafficClass: 0xc0 };
  if (source.includes(':')) {
    const header = { ...envelope, hopLimit: 255, nextHeader: PROTOCOL_VRRP };
    return { bytes: encodeIpv6Packet(header, message), offset: 40 };
  }
  const header = { ...envelope, ttl: 255, protocol: PROTOCOL_VRRP };
  return { bytes: encodeIpv4Packet(header, message), offset: 20 };
}

function formOf({ bytes, offset }: Packet, family: Family) {
  return matchingForm(bytes, offset, bytes.length - offset, family);
}

function refusal(expected: Vector['expect']): string | undefined {
  return expected.result === 'error' ? expected.reason : undefined;
}

describe('the pseudo-header sum', () => {
  test('over IPv4 is source, destination, protocol and length', () => {
    const addresses = fromHex('ffff c000020b e0000012');
    expect(ipv4PseudoHeaderSum(addresses, 2, 6, 12)).toBe(
      0xc000 + 0x020b + 0xe000 + 0x0012 + 112 + 12,
    );
  });

  test('over IPv6 is source, destination, length and next header', () => {
    const addresses = fromHex(
      'fe80000000000000 0000000000000011 ff02000000000000 0000000000000012',
    );
    expect(ipv6PseudoHeaderSum(addresses, 0, 16, 24)).toBe(
      0xfe80 + 0x0011 + 0xff02 + 0x0012 + 24 + 112,
    );
  });
});

describe('the form of a received checksum', () => {
  const complete = VECTORS.filter(({ expect }) => refusal(expect) !== 'packet-length-error');

  test.each(complete)('of vector $name', (vector) => {
    const packet = packetAround(fromHex(vector.hex), ip(vector.src), ip(vector.dst));
    const pseudo = vector.rx?.checksum?.startsWith('rfc5798-pseudo') === true;
    const right = pseudo ? 'pseudo_header' : 'rfc9568';
    const expected = refusal(vector.expect) === 'checksum-error' ? undefined : right;
    expect(formOf(packet, vector.family)).toBe(expected);
  });

  test('has no pseudo-header in version 2', () => {
    const message = encodeAdvertisement(
      {
        version: 2,
        vrid: 51,
        priority: 100,
        interval: seconds(1),
        addresses: [ip('192.0.2.100')],
      },
      { source: ip('192.0.2.11'), destination: ip('224.0.0.18') },
      'pseudo_header',
    );
    const packet = packetAround(message, ip('192.0.2.11'), ip('224.0.0.18'));
    expect(formOf(packet, 'ipv4')).toBe('rfc9568');

    const shifted = ipv4PseudoHeaderSum(packet.bytes, 12, 16, message.length);
    const checksum = (packet.bytes[26] ?? 0) * 256 + (packet.bytes[27] ?? 0);
    const summed = (checksum + 2 * 0xffff - shifted) % 0xffff;
    packet.bytes[26] = summed >>> 8;
    packet.bytes[27] = summed & 0xff;
    expect(formOf(packet, 'ipv4')).toBeUndefined();
  });

  test('is message-only if the pseudo-header sums to zero and both forms are right', () => {
    const envelope = { source: ip('192.0.2.193'), destination: ip('203.0.113.193') };
    const message = encodeAdvertisement(
      {
        version: 3,
        vrid: 51,
        priority: 100,
        interval: seconds(1),
        addresses: [ip('192.0.2.100')],
      },
      envelope,
      'pseudo_header',
    );
    const packet = packetAround(message, envelope.source, envelope.destination);
    expect(ipv4PseudoHeaderSum(packet.bytes, 12, 16, message.length) % 0xffff).toBe(0);
    expect(formOf(packet, 'ipv4')).toBe('rfc9568');
  });

  test('is none if any bit of the message is inverted', () => {
    const envelope = { source: ip('192.0.2.11'), destination: ip('224.0.0.18') };
    const advertisement = {
      version: 3,
      vrid: 51,
      priority: 100,
      interval: milliseconds(250),
      addresses: [ip('192.0.2.100')],
    } as const;
    const form = fc.constantFrom('rfc9568', 'pseudo_header');
    fc.assert(
      fc.property(form, fc.nat({ max: 12 * 8 - 1 }), (chosen, bit) => {
        const message = encodeAdvertisement(advertisement, envelope, chosen);
        const packet = packetAround(message, envelope.source, envelope.destination);
        const at = packet.offset + (bit >>> 3);
        packet.bytes[at] = (packet.bytes[at] ?? 0) ^ (1 << (bit & 7));
        expect(formOf(packet, 'ipv4')).toBeUndefined();
      }),
    );
  });

  test('does not depend on what follows the message', () => {
    const message = fromHex('313364010064a802c0000264');
    const { bytes, offset } = packetAround(message, ip('192.0.2.11'), ip('224.0.0.18'));
    const reused = new Uint8Array(2048).fill(0xa5);
    reused.set(bytes);
    expect(matchingForm(reused, offset, message.length, 'ipv4')).toBe('rfc9568');
  });

  test('can be determined for any range of any bytes', () => {
    const range = fc.nat({ max: 200 });
    fc.assert(
      fc.property(fc.uint8Array(), range, range, (bytes, offset, length) => {
        expect(() => matchingForm(bytes, offset, length, 'ipv4')).not.toThrow();
        expect(() => matchingForm(bytes, offset, length, 'ipv6')).not.toThrow();
      }),
    );
  });
});
