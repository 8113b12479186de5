import { describe, expect, test } from 'vitest';
import { maximum, median, quantile } from '../../../../bench/harness/statistics.ts';

describe('statistics of a few samples', () => {
  test('the median of an even number of samples is the mean of the middle two', () => {
    expect(median([9, 1, 3, 5])).toBe(4);
    expect(median([9, 1, 3])).toBe(3);
  });

  test('samples are sorted by value', () => {
    expect(maximum([9, 10, 100])).toBe(100);
    expect(quantile([100, 9, 10], 0)).toBe(9);
  });

  test('a quantile between two samples is the worse of them', () => {
    expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
  });

  test('an empty list has no statistic', () => {
    expect([median([]), maximum([]), quantile([], 0.5)]).toEqual([undefined, undefined, undefined]);
  });
});
