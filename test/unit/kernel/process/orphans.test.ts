import { expect, test } from 'vitest';
import { lookAfter } from '../../../../src/kernel/process/orphans.ts';

test('FR-K many zombies are looked for again soon, few at leisure', () => {
  expect([lookAfter(0), lookAfter(31), lookAfter(32), lookAfter(700)]).toEqual([
    ...[5_000, 5_000, 250, 250],
  ]);
  expect(lookAfter(100, 20)).toBe(20);
});
