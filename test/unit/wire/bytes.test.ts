import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import {
  addressBytes,
  byteAt,
  heldLength,
  putUint16,
  ranged,
  uint16At,
} from '../../../src/wire/bytes.ts';

describe('reading a field', () => {
  const bytes = Uint8Array.of(0x12, 0x34, 0xff);

  test('reads words in network order', () => {
    expect(uint16At(bytes, 0)).toBe(0x1234);
  });

  test('reads zeros past the end', () => {
    expect(byteAt(bytes, 3)).toBe(0);
    expect(uint16At(bytes, 2)).toBe(0xff00);
  });
});

test('writing a word and reading it gives the word', () => {
  const bytes = new Uint8Array(3);
  putUint16(bytes, 1, 0xabcd);
  expect([...bytes]).toEqual([0, 0xab, 0xcd]);
  expect(uint16At(bytes, 1)).toBe(0xabcd);
});

test.each([
  { offset: 0, length: 4, held: 4 },
  { offset: 4, length: 6, held: 6 },
  { offset: 4, length: 7, held: 6 },
  { offset: 11, length: 1, held: 0 },
  { offset: 0, length: -1, held: 0 },
])('of $length bytes at $offset an array of 10 holds $held', ({ offset, length, held }) => {
  expect(heldLength(new Uint8Array(10), offset, length)).toBe(held);
});

test('an address of the other family is refused', () => {
  expect([...addressBytes(ip('192.0.2.1'), 'ipv4')]).toEqual([192, 0, 2, 1]);
  expect(() => addressBytes(ip('192.0.2.1'), 'ipv6')).toThrow(
    new RangeError('192.0.2.1 is not an ipv6 address'),
  );
  expect(() => addressBytes(ip('2001:db8::1'), 'ipv4')).toThrow(RangeError);
});

test('a value is in range only when it is whole and within both bounds', () => {
  expect(ranged('VRID', 1, 1, 255)).toBe(1);
  expect(ranged('VRID', 255, 1, 255)).toBe(255);
  for (const value of [0, 256, 1.5, Number.NaN]) {
    expect(() => ranged('VRID', value, 1, 255)).toThrow(`VRID is ${value}, not 1..255`);
  }
});
