import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BFD_DIAGNOSTICS, BFD_STATES } from '../../../../src/net/bfd.ts';
import {
  type BfdControl,
  decodeBfd,
  encodeBfd,
  isSameBfd,
} from '../../../../src/wire/bfd/control.ts';

/** RFC 5880 section 4.1, by hand: version 1, diagnostic 1, Up, Poll, multiplier 3. */
const BYTES = Uint8Array.from([
  ...[0x21, 0xe0, 3, 24],
  ...[0x01, 0x02, 0x03, 0x04],
  ...[0x05, 0x06, 0x07, 0x08],
  ...[0x00, 0x00, 0xc3, 0x50],
  ...[0x00, 0x0f, 0x42, 0x40],
  ...[0, 0, 0, 0],
]);

const PACKET: BfdControl = {
  diagnostic: 'detection-time-expired',
  state: 'Up',
  poll: true,
  final: false,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 0x0102_0304,
  yourDiscriminator: 0x0506_0708,
  desiredMinTx: 50_000,
  requiredMinRx: 1_000_000,
};

function bent(...changes: readonly (readonly [offset: number, value: number])[]): Uint8Array {
  const bytes = BYTES.slice();
  for (const [offset, value] of changes) bytes[offset] = value;
  return bytes;
}

describe('a control packet', () => {
  test('has the bytes of RFC 5880 section 4.1', () => {
    expect(encodeBfd(PACKET)).toEqual(BYTES);
    expect(decodeBfd(BYTES)).toEqual({ ok: true, value: PACKET });
  });

  test.each([
    [0x10, { final: true }],
    [0x02, { demand: true }],
    [0x08, {}],
  ])('flag %i is read and written', (bit, flags) => {
    const decoded = decodeBfd(bent([1, 0xc0 | bit]));
    const value = { ...PACKET, poll: false, ...flags };
    expect(decoded).toEqual({ ok: true, value });
    // The control plane independent bit says nothing here, and is not sent.
    expect(encodeBfd(value)[1]).toBe(bit === 0x08 ? 0xc0 : 0xc0 | bit);
  });

  test.each(BFD_STATES.map((state, number) => [state, number] as const))(
    'state %s has the number %i',
    (state, number) => {
      const bytes = bent([1, number << 6]);
      expect(decodeBfd(bytes)).toMatchObject({ value: { state } });
      expect(encodeBfd({ ...PACKET, state, poll: false })).toEqual(bytes);
    },
  );

  test('a reserved diagnostic is none that means something', () => {
    expect(decodeBfd(bent([0, 0x20 | 9]))).toMatchObject({ value: { diagnostic: 'reserved' } });
    expect(encodeBfd({ ...PACKET, diagnostic: 'reserved' })[0]).toBe(0x3f);
  });

  test('bytes after its length are ignored', () => {
    expect(decodeBfd(Uint8Array.from([...BYTES, 1, 2, 3]))).toEqual({ ok: true, value: PACKET });
    expect(decodeBfd(Uint8Array.from([...BYTES, 1, 2, 3]), 24)).toMatchObject({ ok: true });
  });
});

describe('a packet is refused (RFC 5880 section 6.8.6)', () => {
  test.each([
    ['an empty datagram', new Uint8Array(), 'length', 0],
    ['a datagram of 23 bytes', BYTES.subarray(0, 23), 'length', 23],
    ['version 0', bent([0, 0x01]), 'version', 0],
    ['version 2', bent([0, 0x41]), 'version', 2],
    ['a length below the header', bent([3, 23]), 'length', 23],
    ['a length beyond the datagram', bent([3, 25]), 'length', 25],
    ['authentication without its section', bent([1, 0xc4]), 'length', 24],
    ['multiplier 0', bent([2, 0]), 'multiplier', 0],
    ['the multipoint bit', bent([1, 0xc1]), 'multipoint', 1],
    ['discriminator 0', bent([4, 0], [5, 0], [6, 0], [7, 0]), 'my-discriminator', 0],
  ])('%s', (_, bytes, code, found) => {
    expect(decodeBfd(bytes)).toEqual({ ok: false, error: { code, found } });
  });

  test('authentication, by its type', () => {
    const bytes = Uint8Array.from([...bent([1, 0xc4], [3, 28]), 5, 4, 1, 0]);
    const error = { code: 'authentication', found: 5 };
    expect(decodeBfd(bytes)).toEqual({ ok: false, error });
    // What is not in the datagram is not read.
    expect(decodeBfd(bytes, 26)).toEqual({ ok: false, error: { code: 'length', found: 28 } });
  });
});

test('any packet decodes to what was encoded', () => {
  const word = fc.integer({ min: 0, max: 0xffff_ffff });
  const packets = fc.record({
    diagnostic: fc.constantFrom(...BFD_DIAGNOSTICS, 'reserved' as const),
    state: fc.constantFrom(...BFD_STATES),
    poll: fc.boolean(),
    final: fc.boolean(),
    demand: fc.boolean(),
    detectMultiplier: fc.integer({ min: 1, max: 255 }),
    myDiscriminator: fc.integer({ min: 1, max: 0xffff_ffff }),
    yourDiscriminator: word,
    desiredMinTx: word,
    requiredMinRx: word,
  });
  fc.assert(
    fc.property(packets, (packet) => {
      expect(decodeBfd(encodeBfd(packet))).toEqual({ ok: true, value: packet });
    }),
  );
});

test('bytes are the same as a packet if, and only if, they decode to it', () => {
  const bytes = fc
    .tuple(fc.integer({ min: 0, max: 24 }), fc.integer({ min: 0, max: 255 }))
    .map(([at, value]) => bent([at, value]));
  fc.assert(
    fc.property(bytes, fc.integer({ min: 20, max: 30 }), (bent, length) => {
      const decoded = decodeBfd(bent, length);
      expect(isSameBfd(bent, length, PACKET)).toBe(
        decoded.ok && JSON.stringify(decoded.value) === JSON.stringify(PACKET),
      );
      if (decoded.ok) expect(isSameBfd(bent, length, decoded.value)).toBe(true);
    }),
  );
});
