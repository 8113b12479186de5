import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { finishChecksum, foldSum, sum16 } from '../../../src/wire/checksum.ts';
import { fromHex } from './hex.ts';

/** One's complement sum by definition: add a word, add the carry, next. */
function referenceSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

describe('the Internet checksum', () => {
  test('of the example in RFC 1071 section 3', () => {
    const sum = sum16(fromHex('0001 f203 f4f5 f6f7'), 0, 8);
    expect(foldSum(sum)).toBe(0xddf2);
    expect(finishChecksum(sum)).toBe(0x220d);
  });

  test('pads an odd last byte with zero', () => {
    expect(sum16(fromHex('0102 03ff'), 0, 3)).toBe(0x0102 + 0x0300);
  });

  test('covers the given range and adds to the initial sum', () => {
    expect(sum16(fromHex('ffff 0001 0002 ffff'), 2, 4, 10)).toBe(13);
    expect(sum16(fromHex('ffff'), 1, 0, 10)).toBe(10);
  });

  test('folds every carry of the largest packet', () => {
    const bytes = new Uint8Array(65_536).fill(0xff);
    expect(foldSum(sum16(bytes, 0, bytes.length))).toBe(0xffff);
    expect(foldSum(0x1_ffff)).toBe(1);
    expect(foldSum(0xffff_ffff)).toBe(0xffff);
  });

  test('agrees with adding the carry word by word', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(foldSum(sum16(bytes, 0, bytes.length))).toBe(referenceSum(bytes));
      }),
    );
  });

  test('may be summed in parts that meet on a word', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8 }), fc.nat({ max: 4 }), (bytes, words) => {
        const first = sum16(bytes, 0, words * 2);
        const both = sum16(bytes, words * 2, bytes.length - words * 2, first);
        expect(both).toBe(sum16(bytes, 0, bytes.length));
      }),
    );
  });

  test('makes the data that contains it sum to all ones', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (bytes) => {
        const sum = sum16(bytes, 0, bytes.length);
        expect(foldSum(sum + finishChecksum(sum))).toBe(0xffff);
      }),
    );
  });
});
