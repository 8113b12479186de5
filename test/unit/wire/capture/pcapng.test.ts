import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPcapng, scanPcapng } from '../../../../src/wire/capture/pcapng.ts';
import { FRAME, joined, scanned, Writer } from './pcapng-file.ts';

const LITTLE = new Writer();
const START = 1_800_000_000_000_000n;

describe('reading a pcapng file', () => {
  test.each([true, false])('in either byte order (little endian: %s)', (littleEndian) => {
    const writer = new Writer(littleEndian);
    const { end, seen } = scanned(
      writer.section(),
      writer.interface(1, 262_144, writer.option(2, Uint8Array.of(0x65, 0x74, 0x68, 0x30))),
      writer.packet(0, START + 7n),
    );
    expect(end.state).toBe('whole');
    const link = { linkType: 1, number: 0, name: 'eth0' };
    expect(seen).toEqual([{ bytes: [...FRAME], at: Number(START) + 7, link }]);
  });

  test.each([
    ['microseconds, when nothing is said', [], START, 0],
    ['nanoseconds', [9], START * 1_000n + 999n, 0],
    ['seconds', [0], START / 1_000_000n, 0],
    ['powers of two', [0x80 | 10], (START / 1_000_000n) * 1_024n + 512n, 500_000],
  ])('with time stamps in %s', (_, resolution, stamp, more) => {
    const options = resolution.map((value) => LITTLE.option(9, Uint8Array.of(value)));
    const { seen } = scanned(
      LITTLE.section(),
      LITTLE.interface(1, 0, ...options),
      LITTLE.packet(0, stamp),
    );
    expect(seen[0]?.at).toBe(Number(START) + more);
  });

  test('with time stamps that have an offset', () => {
    const offset = LITTLE.option(14, LITTLE.words(60, 0));
    const { seen } = scanned(
      LITTLE.section(),
      LITTLE.interface(1, 0, offset),
      LITTLE.packet(0, START),
    );
    expect(seen[0]?.at).toBe(Number(START) + 60_000_000);
  });

  test('distinguishes interfaces, including those of a later section', () => {
    const big = new Writer(false);
    const { seen } = scanned(
      LITTLE.section(),
      LITTLE.interface(1, 0),
      LITTLE.interface(113, 0),
      LITTLE.packet(1, START),
      LITTLE.packet(0, START),
      big.section(),
      big.interface(276, 0),
      big.packet(0, START),
    );
    expect(seen.map(({ link }) => [link.number, link.linkType])).toEqual([
      [1, 113],
      [0, 1],
      [2, 276],
    ]);
  });

  test('with packets of the older and of the simple form, and other blocks', () => {
    const simple = Uint8Array.of(9, 8, 7, 6);
    const { end, seen } = scanned(
      LITTLE.section(),
      LITTLE.interface(1, 3),
      LITTLE.block(0xbad, Uint8Array.of(1, 2, 3, 4)),
      LITTLE.block(2, LITTLE.halves(0, 17), LITTLE.words(0, 5, 5, 5), FRAME),
      LITTLE.block(3, LITTLE.words(4), simple),
    );
    expect(end.state).toBe('whole');
    expect(seen.map(({ at, bytes }) => [at, bytes])).toEqual([
      [5, [...FRAME]],
      // The packet ends at the snapshot length, and has the time of the previous packet.
      [5, [9, 8, 7]],
    ]);
  });

  test('with options up to the end mark, or to one that is longer than its block', () => {
    const named = LITTLE.option(2, Uint8Array.of(0x61));
    const behind = LITTLE.option(2, Uint8Array.of(0x62));
    for (const end of [LITTLE.halves(0, 0), LITTLE.halves(2, 99)]) {
      const { seen } = scanned(
        LITTLE.section(),
        LITTLE.interface(1, 0, named, end, behind),
        LITTLE.packet(0, START),
      );
      expect(seen.map(({ link }) => link.name)).toEqual(['a']);
    }
  });

  test('with the time 0 if the stamp exceeds a number', () => {
    const { seen } = scanned(
      LITTLE.section(),
      LITTLE.interface(1, 0),
      LITTLE.packet(0, 2n ** 63n),
      LITTLE.interface(1, 0, LITTLE.option(14, LITTLE.words(-1, -1))),
      LITTLE.packet(1, 1n),
    );
    expect(seen.map(({ at }) => at)).toEqual([0, 0]);
  });

  test('up to where it is cut off', () => {
    const head = joined(LITTLE.section(), LITTLE.interface(1, 0), LITTLE.packet(0, START));
    const whole = joined(head, LITTLE.packet(0, START + 1n));
    for (let length = head.length + 1; length < whole.length; length++) {
      const { end, seen } = scanned(whole.subarray(0, length));
      expect(end).toEqual({ state: 'cut-off', offset: head.length });
      expect(seen).toHaveLength(1);
    }
  });

  test.each([
    ['a block too short to be one', LITTLE.words(6, 8, 8)],
    ['a length that is no multiple of four', LITTLE.words(6, 14, 0, 0)],
    ['two lengths that differ', LITTLE.words(0xbad, 16, 0, 20)],
    ['a packet of an interface that is not there', LITTLE.packet(3, START)],
    [
      'an older packet of an interface that is not there',
      LITTLE.block(2, LITTLE.halves(3, 0), LITTLE.words(0, 5, 5, 5), FRAME),
    ],
    ['a packet longer than its block', LITTLE.block(6, LITTLE.words(0, 0, 0, 99, 99))],
    ['a packet block without a packet', LITTLE.block(6, LITTLE.words(0, 0, 0, 0))],
    ['an interface block without an interface', LITTLE.block(1, LITTLE.words(1))],
    ['a section in no byte order', LITTLE.block(0x0a0d0d0a, LITTLE.words(1, 2, 3, 4))],
  ])('up to %s, which it reports', (_, damage) => {
    const head = joined(LITTLE.section(), LITTLE.interface(1, 0), LITTLE.packet(0, START));
    const { end, seen } = scanned(head, damage, LITTLE.packet(0, START));
    expect(end).toEqual({ state: 'damaged', offset: head.length });
    expect(seen).toHaveLength(1);
  });

  test('stops at a simple packet without an interface', () => {
    const { end, seen } = scanned(LITTLE.section(), LITTLE.block(3, LITTLE.words(4), FRAME));
    expect(end).toEqual({ state: 'damaged', offset: LITTLE.section().length });
    expect(seen).toEqual([]);
  });

  test('is tried if a file begins with a section, and only then', () => {
    expect(isPcapng(LITTLE.section())).toBe(true);
    expect(isPcapng(new Writer(false).section())).toBe(true);
    expect(isPcapng(LITTLE.section().subarray(0, 4))).toBe(true);
    expect(isPcapng(LITTLE.section().subarray(0, 3))).toBe(false);
    expect(isPcapng(LITTLE.packet(0, START))).toBe(false);
  });

  test('refuses a file that does not begin with a section', () => {
    const refusal = (bytes: Uint8Array) => scanPcapng(bytes, () => {});
    expect(refusal(LITTLE.section().subarray(0, 27))).toMatchObject({
      error: { code: 'pcapng-truncated' },
    });
    expect(refusal(new Uint8Array(28))).toMatchObject({ error: { code: 'pcapng-magic-error' } });
  });

  test('never fails otherwise, and never reads past the end', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 120 }),
        fc.constantFrom(1, 2, 3, 6, 7),
        fc.boolean(),
        (body, type, isBlock) => {
          const tail = isBlock ? LITTLE.block(type, body) : body;
          const { seen } = scanned(LITTLE.section(), LITTLE.interface(1, 0), tail);
          expect(seen.every(({ bytes }) => bytes.length <= tail.length)).toBe(true);
          expect(seen.every(({ at }) => Number.isSafeInteger(at) && at >= 0)).toBe(true);
        },
      ),
    );
  });
});
