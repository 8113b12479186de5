import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip, ipFromBytes, mac } from '../../../src/net/address.ts';
import { finishChecksum, sum16 } from '../../../src/wire/checksum.ts';
import { decodeIpv6Header, encodeIpv6Packet } from '../../../src/wire/ip.ts';
import {
  decodeNeighborAdvertisement,
  encodeNeighborAdvertisement,
  encodeNeighborProbe,
  encodeNeighborQuestion,
} from '../../../src/wire/neighbor.ts';
import { anyAddress, anyBytes, anyMac } from './arbitraries.ts';
import { fromHex, toHex } from './hex.ts';

const VIP = ip('2001:db8::100');
const VIRTUAL_MAC = mac('00:00:5e:00:02:33');

function decode(packet: Uint8Array) {
  const header = decodeIpv6Header(packet, 0, packet.length);
  if (!header.ok) throw new Error(header.error.code);
  return decodeNeighborAdvertisement(packet, header.value);
}

/** An ICMPv6 message in a packet to all nodes, its checksum made right. */
function packetAround(message: Uint8Array, hopLimit = 255, destination = ip('ff02::1')) {
  const packet = encodeIpv6Packet(
    { source: VIP, destination, hopLimit, trafficClass: 0, nextHeader: 58 },
    message,
  );
  const sum = sum16(packet, 8, packet.length - 8) + 58 + message.length;
  if (message.length >= 4) {
    packet.set([finishChecksum(sum) >>> 8, finishChecksum(sum) & 0xff], 42);
  }
  return packet;
}

describe('the announcement of a virtual address', () => {
  test.each([
    { what: 'a router', router: true, checksum: '18fa', flags: 'a0' },
    { what: 'a host', router: false, checksum: '98fa', flags: '20' },
  ])('by $what goes to all nodes from the address itself', ({ router, checksum, flags }) => {
    const frame = encodeNeighborAdvertisement(VIRTUAL_MAC, VIP, { router });
    expect(frame).toEqual(
      fromHex(`333300000001 00005e000233 86dd
               60000000 0020 3a ff
               20010db8000000000000000000000100 ff020000000000000000000000000001
               88 00 ${checksum} ${flags}000000 20010db8000000000000000000000100
               02 01 00005e000233`),
    );
    expect(frame).toHaveLength(86);
  });

  test('reads back as what was sent', () => {
    fc.assert(
      fc.property(anyMac, anyAddress('ipv6'), fc.boolean(), (targetMac, target, router) => {
        fc.pre(!target.startsWith('ff'));
        const frame = encodeNeighborAdvertisement(targetMac, target, { router });
        expect(decode(frame.subarray(14))).toEqual({
          ok: true,
          value: { router, solicited: false, override: true, target, targetMac },
        });
      }),
    );
  });

  test('is for IPv6 addresses only', () => {
    const encode = () =>
      encodeNeighborAdvertisement(VIRTUAL_MAC, ip('192.0.2.100'), { router: true });
    expect(encode).toThrow(RangeError);
  });
});

describe('a received Neighbor Advertisement', () => {
  const target = '20010db8000000000000000000000100';
  const plain = `88000000 00000000 ${target}`;

  test('need not have a link-layer address', () => {
    expect(decode(packetAround(fromHex(plain)))).toEqual({
      ok: true,
      value: {
        router: false,
        solicited: false,
        override: false,
        target: VIP,
        targetMac: undefined,
      },
    });
  });

  test('may answer a single host, and carry other options', () => {
    const message = fromHex(`88000000 60000000 ${target}
                             0e02 0000000000000000000000000000 0201 00005e000233`);
    expect(decode(packetAround(message, 255, ip('2001:db8::1')))).toMatchObject({
      ok: true,
      value: { solicited: true, override: true, targetMac: VIRTUAL_MAC },
    });
  });

  test.each(['0e01 000000000000 0201 00005e000233', '0201 00005e000233 0e01 000000000000'])(
    'has its link-layer address anywhere among the options: %s',
    (options) => {
      expect(decode(packetAround(fromHex(`${plain} ${options}`)))).toMatchObject({
        value: { targetMac: VIRTUAL_MAC },
      });
    },
  );

  test.each([
    { code: 'neighbor-length-error', hex: '88000000 00000000 20010db8' },
    { code: 'neighbor-type-error', hex: `87000000 00000000 ${target}` },
    { code: 'neighbor-type-error', hex: `88010000 00000000 ${target}` },
    {
      code: 'neighbor-target-error',
      hex: '88000000 00000000 ff020000000000000000000000000001',
    },
    { code: 'neighbor-solicited-error', hex: `88000000 40000000 ${target}` },
    { code: 'neighbor-option-error', hex: `${plain} 0200 00005e000233` },
    { code: 'neighbor-option-error', hex: `${plain} 0202 00005e000233` },
    { code: 'neighbor-option-error', hex: `${plain} 02` },
  ])('is refused with $code', ({ code, hex }) => {
    expect(decode(packetAround(fromHex(hex)))).toEqual({ ok: false, error: { code } });
  });

  test('is refused when it may come from another link', () => {
    expect(decode(packetAround(fromHex(plain), 254))).toEqual({
      ok: false,
      error: { code: 'neighbor-hop-limit-error' },
    });
  });

  test('is refused when its checksum is wrong', () => {
    const packet = packetAround(fromHex(plain));
    packet[63] = 0x01;
    expect(decode(packet)).toEqual({ ok: false, error: { code: 'neighbor-checksum-error' } });
  });

  test('of any bytes gives a result that following bytes do not change', () => {
    const options = anyBytes.map((rest) => Uint8Array.of(...fromHex(plain), ...rest));
    fc.assert(
      fc.property(fc.oneof(anyBytes, options), (message) => {
        const packet = packetAround(message);
        const alone = decode(packet);
        for (const filler of [0x00, 0x02, 0xff]) {
          const followed = new Uint8Array(packet.length + 64).fill(filler);
          followed.set(packet);
          expect(decode(followed)).toEqual(alone);
        }
      }),
    );
  });
});

test('the probe of an address is the solicitation of duplicate address detection', () => {
  const frame = encodeNeighborProbe(mac('02:00:00:00:00:01'), ip('fe80::55:1'));
  expect(toHex(frame.subarray(0, 14))).toBe('3333ff55000102000000000186dd');
  expect(ipFromBytes(frame, 22, 16)).toBe('::');
  expect(ipFromBytes(frame, 38, 16)).toBe('ff02::1:ff55:1');
  expect(frame[21]).toBe(255);
  expect([frame[54], frame[55]]).toEqual([135, 0]);
  expect(ipFromBytes(frame, 62, 16)).toBe('fe80::55:1');
});

test('the question for an address makes its sender known (RFC 4861 section 4.3)', () => {
  const frame = encodeNeighborQuestion(
    mac('02:00:00:00:00:01'),
    ip('2001:db8::11'),
    ip('2001:db8::12'),
  );
  expect(toHex(frame.subarray(0, 14))).toBe('3333ff00001202000000000186dd');
  expect(ipFromBytes(frame, 22, 16)).toBe('2001:db8::11');
  expect(ipFromBytes(frame, 38, 16)).toBe('ff02::1:ff00:12');
  expect([frame[54], frame[55]]).toEqual([135, 0]);
  expect(ipFromBytes(frame, 62, 16)).toBe('2001:db8::12');
  expect(toHex(frame.subarray(78))).toBe('0101020000000001');
});
