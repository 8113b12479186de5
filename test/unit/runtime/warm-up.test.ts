import { expect, test } from 'vitest';
import { warmUp } from '../../../src/runtime/warm-up.ts';

test('A machine that is fast enough warms up in full', () => {
  expect(warmUp(() => 0)).toBe(40);
});

test('A slow machine does not put its start off for the warm-up', () => {
  let now = 0;
  const slowly = () => {
    now += 40;
    return now;
  };
  expect(warmUp(slowly)).toBe(3);
});
