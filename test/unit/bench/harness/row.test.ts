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

  test('keepalived in the same run is the bar, plus a margin', () => {
    expect(holds(row([2.4], [2], [keepalivedPlus('median', 0.5)]))).toBe(true);
    expect(holds(row([2.6], [2], [keepalivedPlus('median', 0.5)]))).toBe(false);
  });

  test('all bars must be reached', () => {
    expect(holds(row([4], [2], [atMost('max', 5), keepalivedPlus('median')]))).toBe(false);
  });

  test('missing samples of vrrp-agent fail, missing samples of keepalived do not', () => {
    expect(holds(row([], [2], [atMost('max', 5)]))).toBe(false);
    expect(holds(row([Number.NaN], [2], [atMost('max', 5)]))).toBe(false);
    expect(holds(row([4], [], [keepalivedPlus('median')]))).toBe(true);
  });

  test('a ratio needs samples of both', () => {
    expect(ratio(row([1, 3], [4], []))).toBe(0.5);
    expect(ratio(row([1], [0], []))).toBeUndefined();
    expect(ratio(row([1], [], []))).toBeUndefined();
  });
});
