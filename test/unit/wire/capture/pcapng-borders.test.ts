import { describe, expect, test } from 'vitest';
import { scanPcapng } from '../../../../src/wire/capture/pcapng.ts';
import { FRAME, joined, scanned, Writer } from './pcapng-file.ts';

const LITTLE = new Writer();
const EMPTY = new Uint8Array(0);
const HEAD = joined(LITTLE.section(), LITTLE.interface(1, 0));

function times(resolution: number | undefined, offset: number[], stamp: bigint): number[] {
  const options = [
    ...(resolution === undefined ? [] : [LITTLE.option(9, Uint8Array.of(resolution))]),
    ...(offset.length === 0 ? [] : [LITTLE.option(14, LITTLE.words(...offset))]),
  ];
  const file = [LITTLE.section(), LITTLE.interface(1, 0, ...options), LITTLE.packet(0, stamp)];
  return scanned(...file).seen.map(({ at }) => at);
}

function nameOf(...options: Uint8Array[]): string | undefined {
  const file = [LITTLE.section(), LITTLE.interface(1, 0, ...options), LITTLE.packet(0, 1n)];
  return scanned(...file).seen[0]?.link.name;
}

describe('the shortest block of each type', () => {
  test.each([
    ['unknown', LITTLE.block(0xbad), 'whole', 0],
    ['section', LITTLE.block(0x0a0d0d0a, LITTLE.words(0x1a2b3c4d, 1, -1, -1)), 'whole', 0],
    ['interface', LITTLE.block(1, LITTLE.words(1, 0)), 'whole', 0],
    ['enhanced packet', LITTLE.block(6, LITTLE.words(0, 0, 0, 0, 0)), 'whole', 1],
    ['older packet', LITTLE.block(2, LITTLE.words(0, 0, 0, 0, 0)), 'whole', 1],
    ['simple packet', LITTLE.block(3, LITTLE.words(0)), 'whole', 1],
  ])('is read: %s', (_, block, state, packets) => {
    const { end, seen } = scanned(HEAD, block);
    expect(end).toEqual({ state, offset: undefined });
    expect(seen).toHaveLength(packets);
  });

  test.each([
    ['section', LITTLE.block(0x0a0d0d0a, LITTLE.words(0x1a2b3c4d, 1, -1))],
    ['interface', LITTLE.block(1, LITTLE.words(1))],
    ['enhanced packet', LITTLE.block(6, LITTLE.words(0, 0, 0, 0))],
    ['older packet', LITTLE.block(2, LITTLE.words(0, 0, 0, 0))],
    ['simple packet', LITTLE.block(3)],
  ])('is not shorter: %s', (_, block) => {
    const { end, seen } = scanned(HEAD, block);
    expect(end).toEqual({ state: 'damaged', offset: HEAD.length });
    expect(seen).toEqual([]);
  });

  test('may end with the file', () => {
    expect(scanned(LITTLE.section()).end.state).toBe('whole');
    expect(scanned(HEAD, LITTLE.block(0xbad), EMPTY).end.state).toBe('whole');
    expect(scanned(HEAD, LITTLE.words(0xbad, 12)).end).toEqual({
      state: 'cut-off',
      offset: HEAD.length,
    });
  });
});

test('an interface has a number of 32 bits, and one of 16 in the older form', () => {
  const enhanced = LITTLE.block(6, LITTLE.words(0x1_0000, 0, 0, 0, 0));
  expect(scanned(HEAD, enhanced).end.state).toBe('damaged');
  const older = LITTLE.block(2, LITTLE.words(0xffff_0000, 0, 0, 0, 0));
  expect(scanned(HEAD, older).seen).toHaveLength(1);
});

describe('the length of a block', () => {
  test.each([
    ['too short', LITTLE.words(0xbad, 8, 8)],
    ['no multiple of four', joined(LITTLE.words(0xbad, 14), LITTLE.halves(0), LITTLE.words(14))],
    ['another one at the end', LITTLE.words(0xbad, 12, 16)],
  ])('is checked: %s', (_, block) => {
    const { end } = scanned(HEAD, block, LITTLE.packet(0, 1n));
    expect(end).toEqual({ state: 'damaged', offset: HEAD.length });
  });
});

describe('the beginning of a file', () => {
  const refusal = (bytes: Uint8Array) => scanPcapng(bytes, () => {});
  const error = { error: { code: 'pcapng-magic-error' } };

  test('has the magic number of a byte order in a section', () => {
    expect(refusal(LITTLE.section().with(8, 0))).toMatchObject(error);
    expect(refusal(LITTLE.section().with(0, 0))).toMatchObject(error);
    expect(refusal(LITTLE.section())).toMatchObject({ value: { state: 'whole' } });
  });
});

describe('the bytes of a packet', () => {
  test('fill its block, and are not longer', () => {
    const full = LITTLE.block(6, LITTLE.words(0, 0, 0, 4, 4), FRAME.subarray(0, 4));
    expect(scanned(HEAD, full).seen.map(({ bytes }) => bytes)).toEqual([[1, 2, 3, 4]]);
    const longer = LITTLE.block(6, LITTLE.words(0, 0, 0, 5, 5), FRAME.subarray(0, 4));
    expect(scanned(HEAD, longer).end.state).toBe('damaged');
  });

  test.each([
    ['its own length', 0, 3, [1, 2, 3]],
    ['the end of its block', 0, 99, [1, 2, 3, 4, 5, 0, 0, 0]],
    ['the snapshot length', 2, 99, [1, 2]],
    ['its own length, though more may be captured', 4, 3, [1, 2, 3]],
  ])('of the simple form end with %s', (_, snapshotLength, length, bytes) => {
    const { seen } = scanned(
      LITTLE.section(),
      LITTLE.interface(1, snapshotLength),
      LITTLE.block(3, LITTLE.words(length), FRAME),
    );
    expect(seen).toEqual([{ bytes, at: 0, link: { linkType: 1, number: 0, name: undefined } }]);
  });
});

describe('the time of a packet', () => {
  const MAXIMUM = BigInt(Number.MAX_SAFE_INTEGER);

  test('is a number of microseconds that can be counted, or 0', () => {
    expect(times(undefined, [], 0n)).toEqual([0]);
    expect(times(undefined, [], MAXIMUM)).toEqual([Number.MAX_SAFE_INTEGER]);
    expect(times(undefined, [], MAXIMUM + 1n)).toEqual([0]);
    expect(times(0, [-2, -1], 2n)).toEqual([0]);
    expect(times(0, [-2, -1], 3n)).toEqual([1_000_000]);
    expect(times(6, [-1, -1], 999_999n)).toEqual([0]);
  });

  test('has a unit of any power', () => {
    expect(times(3, [], 7n)).toEqual([7_000]);
    expect(times(12, [], 7_999_999n)).toEqual([7]);
    expect(times(0x80, [], 7n)).toEqual([7_000_000]);
    expect(times(0x83, [], 7n)).toEqual([875_000]);
  });

  test('has an offset in either byte order', () => {
    const big = new Writer(false);
    const { seen } = scanned(
      big.section(),
      big.interface(1, 0, big.option(14, big.words(0, 60))),
      big.packet(0, 1n),
    );
    expect(seen[0]?.at).toBe(60_000_001);
  });
});

describe('an option of an interface', () => {
  test('that is too short for its value does not count', () => {
    const short = [LITTLE.option(9, EMPTY), LITTLE.option(14, LITTLE.words(60))];
    const file = [LITTLE.section(), LITTLE.interface(1, 0, ...short), LITTLE.packet(0, 7n)];
    expect(scanned(...file).seen.map(({ at }) => at)).toEqual([7]);
  });

  test('may fill its block, and is padded otherwise', () => {
    const text = (value: string) => LITTLE.option(2, new TextEncoder().encode(value));
    expect(nameOf(text('eth0'))).toBe('eth0');
    expect(nameOf(LITTLE.option(9, Uint8Array.of(6)), text('eth10'))).toBe('eth10');
    expect(nameOf(LITTLE.option(99, FRAME), text('lo'))).toBe('lo');
    expect(nameOf(text(''))).toBe('');
    expect(nameOf()).toBeUndefined();
  });

  test('of another kind does not count, whatever its length', () => {
    const others = [1, 9, 99].map((size) => LITTLE.option(99, new Uint8Array(size).fill(0x7a)));
    const options = [LITTLE.option(2, Uint8Array.of(0x6c, 0x6f)), ...others];
    const file = [LITTLE.section(), LITTLE.interface(1, 0, ...options), LITTLE.packet(0, 7n)];
    expect(scanned(...file).seen).toMatchObject([{ at: 7, link: { name: 'lo' } }]);
  });

  test('that is longer than its block ends the list', () => {
    expect(nameOf(joined(LITTLE.halves(2, 5), FRAME.subarray(0, 4)))).toBeUndefined();
  });

  test('has a name of 64 printable characters at most', () => {
    expect(nameOf(LITTLE.option(2, new Uint8Array(70).fill(0x78)))).toBe('x'.repeat(64));
    expect(nameOf(LITTLE.option(2, Uint8Array.of(0x20, 0x21, 0x1b, 0x7e, 0x7f)))).toBe('!~');
  });
});
