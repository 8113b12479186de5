import { expect, test } from 'vitest';
import { Pace } from '../../../src/engine/pace.ts';
import { microseconds } from '../../../src/net/time.ts';

function roomIn(pace: Pace): number {
  pace.nextTurn();
  let room = 0;
  while (pace.take()) room++;
  return room;
}

test('There is room for sixteen changes as long as nothing has been measured', () => {
  expect(roomIn(new Pace())).toBe(16);
});

test('A turn has room for what lately took a millisecond, within bounds', () => {
  const pace = new Pace();
  const roomAfter = (each: number) => {
    pace.measured(10, microseconds(10 * each));
    return roomIn(pace);
  };
  expect([50, 100, 5, 1_000, 0].map(roomAfter)).toEqual([20, 10, 32, 4, 32]);
});

test('A few changes, and those that nobody has timed, tell nothing', () => {
  const pace = new Pace();
  pace.measured(7, microseconds(7_000));
  pace.measured(100, undefined);
  expect(roomIn(pace)).toBe(16);
  expect(pace.isSlow).toBe(false);
});

test('The kernel is slow from 40 microseconds for each change on, until all is done', () => {
  const pace = new Pace();
  pace.measured(10, microseconds(390));
  expect(pace.isSlow).toBe(false);
  pace.measured(10, microseconds(400));
  expect(pace.isSlow).toBe(true);
  pace.rest();
  expect(pace.isSlow).toBe(false);
  expect(roomIn(pace)).toBe(16);
});
