import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../../src/net/time.ts';
import {
  aheadOf,
  isNewer,
  isWithin,
  nextSequence,
  sequenceAt,
} from '../../../../src/wire/vrrp/sequence.ts';

const WINDOW = seconds(5);
/** 16 April 2025, half a second. */
const NOW = 0x6800_0000 * 1_000_000 + 500_000;
const MAX = 2n ** 64n - 1n;

describe('the sequence of a moment', () => {
  test('has seconds, fraction and counter 0', () => {
    expect(sequenceAt(NOW)).toBe(0x6800000080000000n);
    expect(sequenceAt(1_999_999)).toBe(0x00000001ffff0000n);
  });

  test('begins again when the seconds wrap', () => {
    expect(sequenceAt(2 ** 32 * 1_000_000)).toBe(0n);
    expect(sequenceAt((2 ** 32 - 1) * 1_000_000)).toBe(0xffffffff00000000n);
  });

  test('of a clock before the epoch is a number of 64 bits', () => {
    expect(sequenceAt(-1_000_000)).toBe(0xffffffff00000000n);
  });
});

describe('a sequence', () => {
  test('is newer by serial number arithmetic', () => {
    expect(isNewer(2n, 1n)).toBe(true);
    expect(isNewer(1n, 1n)).toBe(false);
    expect(isNewer(1n, 2n)).toBe(false);
    expect(isNewer(0n, MAX)).toBe(true);
    expect(isNewer(MAX, 0n)).toBe(false);
  });

  test('half the circle away is neither newer nor older', () => {
    expect(isNewer(2n ** 63n, 0n)).toBe(false);
    expect(isNewer(0n, 2n ** 63n)).toBe(false);
  });

  test('is within the window by whole seconds, on both sides and over the wrap', () => {
    expect(isWithin(WINDOW, NOW, sequenceAt(NOW + 5_000_000))).toBe(true);
    expect(isWithin(WINDOW, NOW, sequenceAt(NOW + 6_000_000))).toBe(false);
    expect(isWithin(WINDOW, NOW, sequenceAt(NOW - 5_000_000))).toBe(true);
    expect(isWithin(WINDOW, NOW, sequenceAt(NOW - 6_000_000))).toBe(false);
    const wrap = 2 ** 32 * 1_000_000;
    expect(isWithin(WINDOW, wrap - 1_000_000, sequenceAt(wrap + 1_000_000))).toBe(true);
    expect(isWithin(WINDOW, wrap + 1_000_000, sequenceAt(wrap - 1_000_000))).toBe(true);
  });

  test('tells how far its clock is ahead', () => {
    expect(aheadOf(NOW, sequenceAt(NOW + 2_500_000))).toBe(2_500_000);
    expect(aheadOf(NOW, sequenceAt(NOW - 2_500_000))).toBe(-2_500_000);
    const wrap = 2 ** 32 * 1_000_000;
    expect(aheadOf(wrap - 500_000, sequenceAt(wrap + 500_000))).toBe(1_000_000);
  });
});

describe('the next sequence', () => {
  const next = (wall: number, last?: bigint, antiReplay: 'time' | 'monotonic' = 'time') =>
    nextSequence(wall, last, antiReplay, WINDOW);

  test('is that of the clock, first and later', () => {
    expect(next(NOW)).toBe(sequenceAt(NOW));
    expect(next(NOW, sequenceAt(NOW - 1_000_000))).toBe(sequenceAt(NOW));
  });

  test('counts messages of one moment', () => {
    expect(next(NOW, sequenceAt(NOW))).toBe(sequenceAt(NOW) + 1n);
  });

  test('keeps growing when the clock is set back by less than the window', () => {
    const last = sequenceAt(NOW);
    expect(next(NOW - 4_000_000, last)).toBe(last + 1n);
  });

  test('begins again from a clock that is set back by more than the window, with time', () => {
    const last = sequenceAt(NOW);
    expect(next(NOW - 6_000_000, last)).toBe(sequenceAt(NOW - 6_000_000));
  });

  test('never begins again with monotonic', () => {
    const last = sequenceAt(NOW);
    expect(next(NOW - 3_600_000_000, last, 'monotonic')).toBe(last + 1n);
  });

  test('passes the wrap of the seconds', () => {
    const wrap = 2 ** 32 * 1_000_000;
    expect(next(wrap, sequenceAt(wrap - 1_000))).toBe(0n);
    expect(next(wrap - 1_000_000, MAX)).toBe(0n);
  });

  test('is always newer than the last one unless a clock was set back by more than the window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -4_000_000, max: 4_000_000 }), { maxLength: 50 }),
        (steps) => {
          let wall = NOW;
          let highest = NOW;
          let last: bigint | undefined;
          for (const step of steps) {
            wall = Math.max(wall + step, highest - 4_000_000);
            highest = Math.max(highest, wall);
            const sequence = next(wall, last);
            if (last !== undefined) expect(isNewer(sequence, last)).toBe(true);
            last = sequence;
          }
        },
      ),
    );
  });
});
