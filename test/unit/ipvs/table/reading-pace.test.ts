import { describe, expect, test } from 'vitest';
import { paceAfter, troubleOf } from '../../../../src/ipvs/table/reading-pace.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';

describe('F-N3 the pace of readings', () => {
  test.each([
    ['once a second', 4, 996, false],
    ['once a second up to a twentieth of the time', 50, 950, false],
    ['slower, for a twentieth of the time', 100, 1_900, true],
    ['slower without a limit, for a twentieth of the time', 4_000, 76_000, true],
  ])('is %s: %i ms', (_, took, pause, isSlow) => {
    expect(paceAfter(milliseconds(took), true)).toEqual({ pause: milliseconds(pause), isSlow });
  });

  test('is one attempt in ten minutes for a table that cannot be read', () => {
    expect(paceAfter(seconds(5), false)).toEqual({ pause: seconds(600), isSlow: true });
    expect(paceAfter(seconds(60), false)).toEqual({ pause: seconds(60 * 19), isSlow: true });
  });

  test('is a problem from a second on, which is reported in steps', () => {
    expect(troubleOf(milliseconds(999), true)).toBeUndefined();
    const text = troubleOf(milliseconds(2_300), true);
    expect(text).toContain('more than 2 s to list its connections');
    expect(text).toContain('only every 40 to 80 s');
    expect(troubleOf(milliseconds(3_900), true)).toBe(text);
    expect(troubleOf(seconds(5), false)).toContain('are not compared');
  });
});
