import { expect, test } from 'vitest';
import { after, type Instant, instant, milliseconds } from '../../../../../src/net/time.ts';
import { Pace } from '../../../../../src/protocol/engine/addresses/pace.ts';

const BEGIN = instant(1_000_000);

/** How many changes a turn requests, if the kernel takes `costUs` for each. */
function turn(pace: Pace, costUs: number, units = 1): number {
  pace.nextTurn();
  let changes = 0;
  while (changes < 1_000 && pace.take(units, BEGIN)) changes++;
  pace.answered((BEGIN + changes * costUs) as Instant);
  return changes;
}

test('FR-O4 a turn requests as many changes as take the kernel some two milliseconds', () => {
  const pace = new Pace(64);
  expect(turn(pace, 5)).toBe(64);
  expect(turn(pace, 100)).toBe(64);
  expect(turn(pace, 100)).toBe(25);
  expect(turn(pace, 400)).toBe(25);
  expect(turn(pace, 400)).toBe(6);
});

test('FR-O4 what the turn does beside the changes does not count, if the kernel alone is known', () => {
  const pace = new Pace(64);
  pace.nextTurn();
  for (let change = 0; change < 64; change++) pace.take(1, BEGIN);
  pace.answered(after(BEGIN, milliseconds(20)), milliseconds(0.6));
  expect(turn(pace, 5)).toBe(64);
});

test('FR-O4 one slow answer does not slow down all that follow', () => {
  const pace = new Pace(64);
  turn(pace, 20_000);
  const sizes = [1, 2, 3, 4, 5, 6, 7].map(() => turn(pace, 5));
  expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 64]);
});

test('FR-O4 a change that is dearer than a turn is requested all the same, alone', () => {
  const pace = new Pace(64);
  expect(turn(pace, 1_000, 8)).toBe(8);
  expect(turn(pace, 10_000, 8)).toBe(2);
  expect(turn(pace, 10_000, 8)).toBe(1);
  expect(turn(pace, 10_000, 8)).toBe(1);
});

test('an answer to something else changes nothing', () => {
  const pace = new Pace(64);
  pace.answered(after(BEGIN, milliseconds(500)));
  expect(turn(pace, 5)).toBe(64);
});
