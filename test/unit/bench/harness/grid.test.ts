import { describe, expect, test } from 'vitest';
import { mergeRegularity, regularityOf } from '../../../../bench/harness/grid.ts';

const INTERVAL = 10_000;

describe('the regularity of a MASTER', () => {
  test('a perfect grid has no error', () => {
    const seen = regularityOf([0, 10_000, 20_000, 30_000], INTERVAL);
    expect(seen).toEqual({ adverts: 4, missed: 0, errors: [0, 0, 0], meanErrorPercent: 0 });
  });

  test('a gap of three intervals misses two adverts', () => {
    expect(regularityOf([0, 10_000, 40_000], INTERVAL).missed).toBe(2);
  });

  test('jitter is an error but no miss, and does not move the mean', () => {
    const seen = regularityOf([0, 12_000, 20_000], INTERVAL);
    expect(seen).toMatchObject({ missed: 0, errors: [2, 2], meanErrorPercent: 0 });
  });

  test('a cadence that is too slow shows in the mean', () => {
    const times = Array.from({ length: 11 }, (_, tick) => tick * 10_100);
    expect(regularityOf(times, INTERVAL).meanErrorPercent).toBeCloseTo(1, 6);
  });

  test('a single advert has no regularity', () => {
    expect(regularityOf([5], INTERVAL)).toEqual({
      adverts: 1,
      missed: 0,
      errors: [],
      meanErrorPercent: 0,
    });
  });

  test('the worst mean of several routers counts', () => {
    const good = regularityOf([0, 10_000], INTERVAL);
    const slow = regularityOf([0, 11_000], INTERVAL);
    const both = mergeRegularity([good, slow]);
    expect(both).toMatchObject({ adverts: 4, missed: 0, errors: [0, 1] });
    expect(both.meanErrorPercent).toBeCloseTo(10, 6);
  });
});
