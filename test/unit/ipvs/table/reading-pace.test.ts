import { describe, expect, test } from 'vitest';
import {
  paceAfter,
  paceOfCounting,
  retryAfter,
  troubleOf,
} from '../../../../src/ipvs/table/reading-pace.ts';
import { type Duration, milliseconds, seconds } from '../../../../src/net/time.ts';

const costOf = (took: Duration) => ({ took, lines: 50_000, isWhole: true });

describe('FR-N3 the pace of readings', () => {
  test.each([
    ['once a second', 4, 996, false],
    ['once a second up to a twentieth of the time', 50, 950, false],
    ['slower, for a twentieth of the time', 100, 1_900, true],
    ['slower without a limit, for a twentieth of the time', 4_000, 76_000, true],
  ])('is %s: %i ms', (_, took, pause, isSlow) => {
    const cost = { took: milliseconds(took), lines: 2_001, isWhole: true };
    expect(paceAfter(cost)).toEqual({ pause: milliseconds(pause), isSlow });
  });

  test('is one attempt in ten minutes for a table that cannot be listed', () => {
    expect(retryAfter(seconds(5))).toBe(seconds(600));
    expect(retryAfter(seconds(60))).toBe(seconds(60 * 19));
  });

  test.each([
    ['once a second', 4, 996],
    ['once a second up to a fortieth of the time', 25, 975],
    ['slower, for a fortieth of the time', 400, 15_600],
  ])('of counting is %s: %i ms', (_, took, pause) => {
    expect(paceOfCounting(milliseconds(took)).pause).toBe(milliseconds(pause));
  });

  test('is once a second for a small table, however busy the machine is', () => {
    const cost = { took: seconds(3), lines: 2_000, isWhole: true };
    expect(paceAfter(cost)).toEqual({ pause: milliseconds(500), isSlow: false });
    expect(troubleOf(cost)).toBeUndefined();
  });

  test('is a problem from a second on, which is reported in steps', () => {
    expect(troubleOf(costOf(milliseconds(999)))).toBeUndefined();
    const text = troubleOf(costOf(milliseconds(2_300)));
    expect(text).toContain('more than 2 s to list its connections');
    expect(text).toContain('only every 40 to 80 s');
    expect(troubleOf(costOf(milliseconds(3_900)))).toBe(text);
    expect(troubleOf({ ...costOf(seconds(5)), isWhole: false })).toContain(
      'compare only how many each server has',
    );
  });
});
