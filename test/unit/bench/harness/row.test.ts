import { describe, expect, test } from 'vitest';
import { atMost, type Bar, holds, keepalivedPlus, ratio } from '../../../../bench/harness/row.ts';

function row(ours: readonly number[], theirs: readonly number[], bars: readonly Bar[]) {
  return {
    what: 'x',
    unit: 'ms' as const,
    samples: { 'vrrp-agent': ours, keepalived: theirs },
    bars,
  };
}

describe('the bars of a row', () => {
  test('a maximum is judged by the worst sample, a median is not', () => {
    expect(holds(row([1, 1, 9], [], [atMost('median', 5)]))).toBe(true);
    expect(holds(row([1, 1, 9], [], [atMost('max', 5)]))).toBe(false);
  });

  test('keepalived is the measure in the same run, with the margin that is granted', () => {
    expect(holds(row([2.4], [2], [keepalivedPlus('median', 0.5)]))).toBe(true);
    expect(holds(row([2.6], [2], [keepalivedPlus('median', 0.5)]))).toBe(false);
  });

  test('all bars have to be reached', () => {
    expect(holds(row([4], [2], [atMost('max', 5), keepalivedPlus('median')]))).toBe(false);
  });

  test('what could not be measured of us fails, what could not be measured of them does not', () => {
    expect(holds(row([], [2], [atMost('max', 5)]))).toBe(false);
    expect(holds(row([Number.NaN], [2], [atMost('max', 5)]))).toBe(false);
    expect(holds(row([4], [], [keepalivedPlus('median')]))).toBe(true);
  });

  test('a ratio needs something to compare with', () => {
    expect(ratio(row([1, 3], [4], []))).toBe(0.5);
    expect(ratio(row([1], [0], []))).toBeUndefined();
    expect(ratio(row([1], [], []))).toBeUndefined();
  });
});
