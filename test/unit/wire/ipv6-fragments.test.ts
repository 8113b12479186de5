import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { decodeIpv6Header, encodeIpv6Packet } from '../../../src/wire/ip.ts';
import { fragmentIpv6Packet, isLaterFragment } from '../../../src/wire/ipv6-fragments.ts';

function packetOf(payloadLength: number): Uint8Array {
  const header = {
    source: ip('fe80::11'),
    destination: ip('ff02::12'),
    hopLimit: 255,
    trafficClass: 0xc0,
    nextHeader: 112,
  };
  const payload = Uint8Array.from({ length: payloadLength }, (_, i) => i % 251);
  return encodeIpv6Packet(header, payload);
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

describe('an IPv6 packet on a link', () => {
  test('with a sufficient MTU is not changed', () => {
    const packet = packetOf(1_460);
    expect(fragmentIpv6Packet(packet, 1_500, 7)).toEqual([packet]);
  });

  test('with a smaller MTU is split into parts, each with the header of the whole', () => {
    const fragments = fragmentIpv6Packet(packetOf(4_088), 1_500, 0x37000001);
    expect(fragments.map(({ length }) => length)).toEqual([1_496, 1_496, 1_240]);
    for (const fragment of fragments) {
      const header = decodeIpv6Header(fragment, 0, fragment.length);
      expect(header.ok && header.value).toMatchObject({
        protocol: 44,
        ttl: 255,
        trafficClass: 0xc0,
        source: 'fe80::11',
        destination: 'ff02::12',
      });
      expect(fragment[40]).toBe(112);
      expect([...fragment.subarray(44, 48)]).toEqual([0x37, 0, 0, 1]);
    }
    expect(fragments.map((fragment) => wordAt(fragment, 42))).toEqual([1, 1_449, 2_896]);
  });

  test('is whole again when its parts are joined', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9_000 }),
        fc.integer({ min: 0, max: 9_000 }),
        (payloadLength, mtu) => {
          const packet = packetOf(payloadLength);
          const fragments = fragmentIpv6Packet(packet, mtu, 1);
          const room = Math.max(mtu, 1_280);
          expect(fragments.every(({ length }) => length <= room)).toBe(true);
          if (fragments.length === 1) return;
          const whole = new Uint8Array(payloadLength);
          for (const fragment of fragments) {
            whole.set(fragment.subarray(48), wordAt(fragment, 42) & ~7);
          }
          expect(whole).toEqual(packet.subarray(40));
        },
      ),
    );
  });

  test('has no empty part behind one that ends with it', () => {
    const fragments = fragmentIpv6Packet(packetOf(2 * 1_448), 1_500, 1);
    expect(fragments.map(({ length }) => length)).toEqual([1_496, 1_496]);
    expect(fragments.map((fragment) => wordAt(fragment, 42))).toEqual([1, 1_448]);
  });

  test('is counted once, by its first part', () => {
    const fragments = fragmentIpv6Packet(packetOf(4_088), 1_500, 1);
    expect(fragments.map(isLaterFragment)).toEqual([false, true, true]);
    expect(isLaterFragment(packetOf(100))).toBe(false);
    expect(isLaterFragment(new Uint8Array(0))).toBe(false);
  });

  test('has a later part wherever the offset is not zero', () => {
    const fragment = (
      fragmentIpv6Packet(packetOf(2_000), 1_500, 1)[1] ?? new Uint8Array(0)
    ).slice();
    const laterAt = (word: number) => isLaterFragment(fragment.with(42, word >>> 8).with(43, word));
    expect([0, 1, 7, 8, 9, 0xfff8].map(laterAt)).toEqual([
      ...[false, false, false],
      ...[true, true, true],
    ]);
    // In IPv4, this byte is a part of the flags and the offset.
    expect(isLaterFragment(fragment.with(0, 0x45))).toBe(false);
  });
});
