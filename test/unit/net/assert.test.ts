import { expect, test } from 'vitest';
import { AssertionFailure, assert, at } from '../../../src/net/assert.ts';

test('an element that exists is returned, even if it is zero', () => {
  expect(at([5, 0], 1)).toBe(0);
  expect(at(new Uint8Array([7]), 0)).toBe(7);
});

test('an element that does not exist is a failure that names its index', () => {
  expect(() => at([1], 1)).toThrow(new AssertionFailure('no element 1 of 1'));
  expect(() => assert(false, 'it holds')).toThrow('it holds');
});
