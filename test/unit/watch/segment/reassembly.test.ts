import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../../src/net/address.ts';
import { type Instant, instant } from '../../../../src/net/time.ts';
import { Reassembly } from '../../../../src/watch/segment/reassembly.ts';
import { putUint16 } from '../../../../src/wire/bytes.ts';
import { finishChecksum, sum16 } from '../../../../src/wire/checksum.ts';
import { encodeEthernetFrame } from '../../../../src/wire/ethernet.ts';
import { decodeFrame, type FragmentFrame } from '../../../../src/wire/frame.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../../../src/wire/ip.ts';
import { fragmentIpv6Packet } from '../../../../src/wire/ipv6-fragments.ts';
import { advert } from '../../../conformance/rig.ts';
import { Listener, macOf } from './frames.ts';

const START = instant(1_800_000_000_000_000);
const TWO_SECONDS_ON = instant(START + 2_000_000);
const A_MINUTE_ON = instant(START + 61_000_000);
const SOURCE = ip('fe80::1');

/** A packet with this many bytes after its header; the value of each byte tells its position. */
function packetOf(length: number): Uint8Array {
  const payload = Uint8Array.from({ length }, (_, at) => at % 251);
  const header = { source: SOURCE, destination: ip('ff02::12'), hopLimit: 255, trafficClass: 0xc0 };
  return encodeIpv6Packet({ ...header, nextHeader: 112 }, payload);
}

function frameAround(packet: Uint8Array): Uint8Array {
  const etherType = (packet[0] ?? 0) >>> 4 === 4 ? 0x0800 : 0x86dd;
  const destination = mac('33:33:00:00:00:12');
  return encodeEthernetFrame({ destination, source: macOf(SOURCE), etherType }, packet);
}

function fragmentIn(packet: Uint8Array): FragmentFrame {
  const frame = decodeFrame(frameAround(packet));
  if (frame.kind !== 'fragment') throw new Error(`it is ${frame.kind}`);
  return frame;
}

function partsOf(packet: Uint8Array, identification = 1): FragmentFrame[] {
  return fragmentIpv6Packet(packet, 1_280, identification).map(fragmentIn);
}

/** The same part elsewhere in its packet. */
function moved(frame: FragmentFrame, by: number, isLast = frame.fragment.isLast): FragmentFrame {
  return { ...frame, fragment: { ...frame.fragment, offset: frame.fragment.offset + by, isLast } };
}

function cut(frame: FragmentFrame, length: number): FragmentFrame {
  return {
    ...frame,
    fragment: { ...frame.fragment, part: frame.fragment.part.subarray(0, length) },
  };
}

/** The packets that the parts complete. */
function addAll(parts: readonly FragmentFrame[], at: Instant = START, into = new Reassembly()) {
  return parts.map((part) => into.add(part, at)).filter((packet) => packet !== undefined);
}

describe('a fragmented packet', () => {
  const packet = packetOf(4_088);
  const parts = partsOf(packet);

  test('is reassembled from fragments in any order, with duplicates', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.nat(3),
        (order, twice) => {
          const sequence = [...order.slice(0, twice), ...order].map((at) => parts[at]);
          const [whole, ...more] = addAll(sequence.filter((part) => part !== undefined));
          expect(whole).toEqual(packet);
          expect(more).toEqual([]);
        },
      ),
    );
  });

  test('is incomplete while a fragment is missing', () => {
    for (const missing of parts) {
      expect(addAll(parts.filter((part) => part !== missing))).toEqual([]);
    }
  });

  test('is not mixed with fragments of another packet', () => {
    const other = partsOf(packetOf(4_000), 2);
    const mixed = parts.flatMap((part, at) => [part, other[at]]);
    const whole = addAll(mixed.filter((part) => part !== undefined));
    expect(whole).toEqual([packet, packetOf(4_000)]);
  });

  test.each([
    ['begins within another', (part: FragmentFrame) => moved(part, -8)],
    ['ends within another', (part: FragmentFrame) => moved(part, 8)],
    ['lies within another', (part: FragmentFrame) => cut(part, 8)],
    ['says that it is the last one', (part: FragmentFrame) => moved(part, 0, true)],
  ])('is given up when one of them %s', (_, change) => {
    const [one, two, three, four] = parts;
    if (!one || !two || !three || !four) throw new Error('four parts are expected');
    const reassembly = new Reassembly();
    // Whatever comes later is not a packet either (RFC 5722 section 4).
    const sequence = [one, two, three, change(two), four, two, three];
    expect(addAll(sequence, START, reassembly)).toEqual([]);
    expect(reassembly.lost(START)).toBe(1);
  });

  test('is discarded if a fragment lies beyond the last one', () => {
    const [one, two, three, four] = parts;
    if (!one || !two || !three || !four) throw new Error('four parts are expected');
    expect(addAll([four, moved(three, 4_096), one, two, three])).toEqual([]);
    expect(addAll([moved(three, 4_096), four, one, two, three])).toEqual([]);
  });

  test.each([
    ['no bytes', (part: FragmentFrame) => cut(part, 0)],
    ['a partial unit before the last fragment', (part: FragmentFrame) => cut(part, 15)],
    ['an end beyond the maximum size', (part: FragmentFrame) => moved(part, 65_000)],
  ])('is not affected by a part of %s', (_, change) => {
    const [one, ...others] = parts;
    if (!one) throw new Error('parts are expected');
    expect(addAll([change(one), one, ...others])).toEqual([packet]);
  });

  test('is discarded after a minute', () => {
    const reassembly = new Reassembly();
    expect(addAll(parts.slice(0, 3), START, reassembly)).toEqual([]);
    expect(reassembly.lost(START)).toBe(0);
    expect(reassembly.lost(TWO_SECONDS_ON)).toBe(1);
    expect(addAll(parts.slice(3), A_MINUTE_ON, reassembly)).toEqual([]);
    expect(reassembly.lost(A_MINUTE_ON)).toBe(1);
  });

  test('of one atomic fragment is independent of others (RFC 6946)', () => {
    const [one] = parts;
    if (!one) throw new Error('parts are expected');
    const reassembly = new Reassembly();
    const alone = cut(moved(one, 0, true), 40);
    expect(addAll([one, alone], START, reassembly).map(({ length }) => length)).toEqual([80]);
    expect(addAll(parts.slice(1), START, reassembly)).toEqual([packet]);
  });

  test('is discarded in a flood of first fragments', () => {
    const reassembly = new Reassembly();
    const [first] = parts;
    if (!first) throw new Error('parts are expected');
    for (let identification = 0; identification < 5_000; identification++) {
      const fragment = { ...first.fragment, identification };
      reassembly.add({ ...first, fragment }, START);
    }
    expect(reassembly.lost(START)).toBeGreaterThanOrEqual(5_000 - 512);
    expect(addAll(partsOf(packet, 77), START, reassembly)).toEqual([packet]);
  });

  test('of too many small fragments is discarded', () => {
    const tiny = Array.from({ length: 200 }, (_, at) => {
      const [first] = parts;
      if (!first) throw new Error('parts are expected');
      return moved(cut(first, 8), at * 8);
    });
    const reassembly = new Reassembly();
    expect(addAll(tiny, START, reassembly)).toEqual([]);
    expect(reassembly.lost(START)).toBe(1);
  });
});

describe('a fragmented IPv4 packet', () => {
  const ends = { source: ip('192.0.2.11'), destination: ip('224.0.0.18'), ttl: 255 };
  const header = { ...ends, trafficClass: 0xc0, identification: 9, protocol: 112 };
  const payload = Uint8Array.from({ length: 100 }, (_, at) => at);

  function part(from: number, to: number, isRight = true): Uint8Array {
    const packet = encodeIpv4Packet(header, payload.subarray(from, to));
    putUint16(packet, 6, (to < payload.length ? 0x2000 : 0) | (from / 8));
    putUint16(packet, 10, 0);
    putUint16(packet, 10, finishChecksum(sum16(packet, 0, 20)) ^ (isRight ? 0 : 1));
    return packet;
  }

  test('is reassembled with a correct header', () => {
    const parts = [part(48, 100), part(0, 48)].map(fragmentIn);
    expect(addAll(parts)).toEqual([encodeIpv4Packet(header, payload)]);
  });

  test('ignores a fragment with a wrong header checksum, as a kernel does', () => {
    const listener = new Listener();
    const hear = (isRight: boolean) => {
      for (const one of [part(0, 48, isRight), part(48, 100)]) listener.frame(frameAround(one));
    };
    hear(false);
    expect(listener.snapshot().senders).toEqual([]);
    hear(true);
    expect(listener.snapshot().senders).toMatchObject([{ source: ip('192.0.2.11') }]);
  });
});

describe('a segment', () => {
  test('accepts a fragmented advertisement of 255 addresses, and counts incomplete ones', () => {
    const addresses = [
      'fe80::100',
      ...Array.from({ length: 254 }, (_, at) => `2001:db8::${(at + 1).toString(16)}`),
    ].map(ip);
    const listener = new Listener();
    const whole = advert({ source: SOURCE, addresses });
    const frames = (identification: number) =>
      fragmentIpv6Packet(whole, 1_500, identification).map(frameAround);
    for (const frame of frames(1)) listener.frame(frame);
    expect(listener.snapshot().senders).toMatchObject([
      { family: 'ipv6', source: SOURCE, state: 'master', adverts: 1, claims: { addresses } },
    ]);
    expect(listener.snapshot().incomplete).toBe(0);
    for (const frame of frames(2).slice(1)) listener.frame(frame);
    expect(listener.wait().wait().snapshot().incomplete).toBe(1);
  });
});
