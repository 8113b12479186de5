import { describe, expect, test } from 'vitest';
import {
  LATENESS_BOUNDS,
  LATENESS_LENGTH,
  LatenessHistogram,
} from '../../../../src/protocol/thread/lateness.ts';

function histogramOf(...microseconds: number[]): LatenessHistogram {
  const histogram = new LatenessHistogram(new Float64Array(LATENESS_LENGTH));
  for (const one of microseconds) histogram.add(one);
  return histogram;
}

describe('the histogram of lateness', () => {
  test('counts a value under the smallest bound that is not below it', () => {
    const { buckets } = histogramOf(0, 50, 51, 1_000_000).read();
    expect(buckets).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  });

  test('has a last bucket without a bound', () => {
    const { buckets } = histogramOf(1_000_001, 6_000_000).read();
    expect(buckets).toHaveLength(LATENESS_BOUNDS.length + 1);
    expect(buckets.at(-1)).toBe(2);
  });

  test('has the sum and the maximum', () => {
    expect(histogramOf(10, 700, 20).read()).toMatchObject({ sum: 730, max: 700 });
  });

  test('can be read by one thread while another adds', () => {
    const shared = new Float64Array(new SharedArrayBuffer(LATENESS_LENGTH * 8));
    new LatenessHistogram(shared).add(40);
    expect(new LatenessHistogram(shared).read()).toMatchObject({ sum: 40, max: 40 });
  });
});
