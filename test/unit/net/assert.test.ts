import { expect, test } from 'vitest';
import { AssertionFailure, assert, at } from '../../../src/net/assert.ts';

test('An element that exists is handed over, also when it is zero', () => {
  expect(at([5, 0], 1)).toBe(0);
  expect(at(new Uint8Array([7]), 0)).toBe(7);
});

test('An element that does not exist is a failure that names the place', () => {
  expect(() => at([1], 1)).toThrow(new AssertionFailure('no element 1 of 1'));
  expect(() => assert(false, 'it holds')).toThrow('it holds');
});
