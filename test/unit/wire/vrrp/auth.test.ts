import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equalInConstantTime, passwordBytes } from '../../../../src/wire/vrrp/auth.ts';
import { toHex } from '../hex.ts';

describe('a password on the wire', () => {
  test.each([
    { password: '', hex: '0000000000000000' },
    { password: '1111', hex: '3131313100000000' },
    { password: 'secret12', hex: '7365637265743132' },
    { password: 'pä€', hex: '70c3a4e282ac0000' },
  ])('"$password" is $hex', ({ password, hex }) => {
    expect(toHex(passwordBytes(password))).toBe(hex);
  });

  test('has at most 8 bytes, whatever the number of characters', () => {
    for (const password of ['secret123', '€€€']) {
      expect(() => passwordBytes(password)).toThrow('a password has at most 8 bytes, not 9');
    }
  });
});

describe('the comparison in constant time', () => {
  test('detects a difference in any bit', () => {
    const bytes = fc.uint8Array({ minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(bytes, fc.nat({ max: 63 }), (expected, bit) => {
        const received = Uint8Array.of(1, 2, ...expected, 3);
        expect(equalInConstantTime(received, 2, expected, 8)).toBe(true);
        received[2 + (bit >>> 3)] = (received[2 + (bit >>> 3)] ?? 0) ^ (1 << (bit & 7));
        expect(equalInConstantTime(received, 2, expected, 8)).toBe(false);
      }),
    );
  });

  test('does not treat a missing byte as NUL', () => {
    const nul = new Uint8Array(8);
    expect(equalInConstantTime(nul, 1, nul, 8)).toBe(false);
    expect(equalInConstantTime(new Uint8Array(9), 0, nul, 9)).toBe(false);
  });
});
