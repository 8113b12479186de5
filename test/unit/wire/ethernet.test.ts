import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import {
  decodeEthernetHeader,
  encodeEthernetFrame,
  multicastMac,
} from '../../../src/wire/ethernet.ts';
import { anyBytes, anyMac } from './arbitraries.ts';
import { fromHex, MARGIN, surrounded, toHex } from './hex.ts';

function decode(hex: string) {
  const bytes = fromHex(hex);
  return decodeEthernetHeader(bytes, 0, bytes.length);
}

describe('an Ethernet frame', () => {
  test('is destination, source, EtherType and payload', () => {
    const header = {
      destination: mac('01:00:5e:00:00:12'),
      source: mac('00:00:5e:00:01:33'),
      etherType: 0x0800,
    };
    expect(toHex(encodeEthernetFrame(header, fromHex('45c0')))).toBe(
      '01005e00001200005e000133080045c0',
    );
  });

  test('reads back as what was sent', () => {
    const etherType = fc
      .integer({ min: 0, max: 0xffff })
      .filter((type) => type !== 0x8100 && type !== 0x88a8);
    const header = fc.record({ destination: anyMac, source: anyMac, etherType });
    fc.assert(
      fc.property(header, anyBytes, (fields, payload) => {
        const frame = encodeEthernetFrame(fields, payload);
        expect(decodeEthernetHeader(frame, 0, frame.length)).toEqual({
          ok: true,
          value: { ...fields, vlans: [], headerLength: 14 },
        });
      }),
    );
  });

  test('may carry VLAN tags before its EtherType', () => {
    const addresses = '01005e00001200005e000133';
    expect(decode(`${addresses}8100e0640800`)).toMatchObject({
      value: { etherType: 0x0800, vlans: [100], headerLength: 18 },
    });
    expect(decode(`${addresses}88a80fff8100000186dd`)).toMatchObject({
      value: { etherType: 0x86dd, vlans: [4095, 1], headerLength: 22 },
    });
  });

  test.each([
    { hex: '01005e00001200005e00013308', length: 13, expected: 14 },
    { hex: '01005e00001200005e0001338100', length: 14, expected: 18 },
    { hex: '01005e00001200005e00013381000064081', length: 17, expected: 18 },
  ])('of $length bytes is cut off when it needs $expected', ({ hex, length, expected }) => {
    expect(decode(hex)).toEqual({
      ok: false,
      error: { code: 'ethernet-truncated', length, expected },
    });
  });

  test('of any bytes gives a result that surrounding bytes do not change', () => {
    const tagged = fc
      .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.array(anyBytes, { maxLength: 3 }))
      .map(([addresses, tags]) =>
        Uint8Array.of(...addresses, ...tags.flatMap((tag) => [0x81, 0, ...tag.slice(0, 2)])),
      );
    fc.assert(
      fc.property(fc.oneof(anyBytes, tagged), (bytes) => {
        const alone = decodeEthernetHeader(bytes, 0, bytes.length);
        for (const filler of [0x00, 0x81, 0xff]) {
          const within = surrounded(bytes, filler);
          expect(decodeEthernetHeader(within, MARGIN, bytes.length)).toEqual(alone);
        }
      }),
    );
  });
});

test.each([
  { group: '224.0.0.18', address: '01:00:5e:00:00:12' },
  { group: '239.255.2.3', address: '01:00:5e:7f:02:03' },
  { group: 'ff02::12', address: '33:33:00:00:00:12' },
  { group: 'ff02::1:ff28:9c5a', address: '33:33:ff:28:9c:5a' },
])('the multicast group $group is $address on Ethernet', ({ group, address }) => {
  expect(multicastMac(ip(group))).toBe(address);
});

test.each([-1, 0x1_0000])('a frame cannot have the EtherType %i', (etherType) => {
  const address = mac('00:00:5e:00:01:33');
  const header = { destination: address, source: address, etherType };
  expect(() => encodeEthernetFrame(header, new Uint8Array(0))).toThrow(
    `EtherType is ${etherType}, not 0..65535`,
  );
});
