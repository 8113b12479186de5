import { describe, expect, test } from 'vitest';
import { BFD_TABLE, type BfdEvent, bfdStep } from '../../../../fsm/bfd/session.ts';
import {
  desiredMinTx,
  detectionTime,
  gridOf,
  jittered,
  patience,
  transmitInterval,
} from '../../../../fsm/bfd/timing.ts';
import { BFD_STATES, type BfdState } from '../../../../src/net/bfd.ts';
import { type Duration, milliseconds, seconds } from '../../../../src/net/time.ts';

/** RFC 5880 section 6.2 as a matrix: what each state makes of each event; a dot: it stays. */
const MATRIX: Readonly<Record<BfdEvent, readonly [BfdState, string][]>> = {
  'hears-AdminDown': pairs('.', '.', 'Down', 'Down'),
  'hears-Down': pairs('.', 'Init', '.', 'Down'),
  'hears-Init': pairs('.', 'Up', 'Up', '.'),
  'hears-Up': pairs('.', '.', 'Up', '.'),
  'detection-timeout': pairs('.', '.', 'Down', 'Down'),
  disable: pairs('.', 'AdminDown', 'AdminDown', 'AdminDown'),
};

function pairs(...targets: string[]): [BfdState, string][] {
  return BFD_STATES.map((state, at) => [state, targets[at] ?? '']);
}

describe('the states of a session', () => {
  const cases = Object.entries(MATRIX).flatMap(([event, rows]) =>
    rows.map(([state, target]) => [state, event as BfdEvent, target] as const),
  );

  test.each(cases)('%s, %s: %s', (state, event, target) => {
    const next = bfdStep({ state, diagnostic: 'none' }, event);
    expect(next === 'repeats' || next === undefined ? '.' : next.state).toBe(target);
  });

  test('only Up of a neighbour repeats, for a session that is Up', () => {
    const repeats = cases.filter(
      ([state, event]) => bfdStep({ state, diagnostic: 'none' }, event) === 'repeats',
    );
    expect(repeats).toEqual([['Up', 'hears-Up', '.']]);
  });

  test('each row cites its section', () => {
    for (const { description } of BFD_TABLE) expect(description).toMatch(/^RFC 5880 6\.8\.\d+: /);
  });

  test.each([
    ['Up', 'detection-timeout', 'detection-time-expired'],
    ['Up', 'hears-Down', 'neighbour-signaled-down'],
    ['Init', 'hears-AdminDown', 'neighbour-signaled-down'],
    ['Up', 'disable', 'administratively-down'],
    ['Down', 'hears-Down', 'path-down'],
    ['Down', 'hears-Init', 'none'],
  ] as const)('%s, %s: the diagnostic is %s', (state, event, diagnostic) => {
    expect(bfdStep({ state, diagnostic: 'path-down' }, event)).toMatchObject({ diagnostic });
  });
});

describe('the intervals', () => {
  test('are not less than a second until the session is Up', () => {
    expect(desiredMinTx('Init', milliseconds(50))).toBe(1_000_000);
    expect(desiredMinTx('Down', seconds(2))).toBe(2_000_000);
    expect(desiredMinTx('Up', milliseconds(50))).toBe(50_000);
  });

  test('follow the slower of both sides', () => {
    expect(transmitInterval(milliseconds(50), milliseconds(300))).toBe(300_000);
    expect(transmitInterval(milliseconds(50), milliseconds(10))).toBe(50_000);
    expect(transmitInterval(milliseconds(50), 0 as Duration)).toBe(0);
  });

  test('the neighbour multiplies, and the slower of both counts', () => {
    expect(detectionTime(3, milliseconds(50), milliseconds(20))).toBe(150_000);
    expect(detectionTime(5, milliseconds(50), milliseconds(100))).toBe(500_000);
  });

  test.each([
    [milliseconds(50), 3, 10_000],
    [milliseconds(10), 3, 2_000],
    [seconds(1), 3, 10_000],
    [milliseconds(50), 1, 2_500],
    [1 as Duration, 3, 1],
  ])('packets of %i with multiplier %i leave on a grid of %i', (interval, multiplier, grid) => {
    expect(gridOf(interval, multiplier)).toBe(grid);
  });

  test('a packet waits a fifth of its interval, and ten milliseconds at most', () => {
    expect(patience(milliseconds(50))).toBe(10_000);
    expect(patience(milliseconds(10))).toBe(2_000);
    expect(patience(seconds(1))).toBe(10_000);
  });

  test.each([
    [3, 0, 37_500],
    [3, 0.999_999, 49_999],
    [1, 0, 37_500],
    [1, 0.999_999, 44_999],
  ])(
    'with multiplier %i and %f are shortened to %i of 50,000',
    (multiplier, fraction, expected) => {
      expect(jittered(milliseconds(50), multiplier, fraction)).toBe(expected);
    },
  );
});
