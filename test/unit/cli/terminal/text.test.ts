import { describe, expect, test } from 'vitest';
import { formatAge } from '../../../../src/cli/terminal/text.ts';

describe('an age', () => {
  test.each([
    [-5_000, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [60_000, '1m00s'],
    [3_599_000, '59m59s'],
    [3_600_000, '1h00m'],
    [86_399_000, '23h59m'],
    [86_400_000, '1d00h'],
    [86_400_000 * 400 + 3_600_000 * 5, '400d05h'],
  ])('of %i ms is shown as %s', (milliseconds, text) => {
    expect(formatAge(milliseconds)).toBe(text);
  });
});
