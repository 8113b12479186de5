import { expect, test } from 'vitest';
import { allowance } from '../../../src/history/statistics.ts';
import { lengthText, percentText } from '../../../src/history/words.ts';

test.each([
  [1, '100 %'],
  [0.999_987, '99.9987 %'],
  [0.9, '90.00 %'],
  [0, '0.00 %'],
  [null, 'unknown'],
])('an availability of %s is %s', (part, text) => {
  expect(percentText(part)).toBe(text);
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [3_400, '3.4 s'],
  [99_999, '100 s'],
  [259_200, '4m19s'],
  [12_000_000, '3h20m'],
  [1_490_400_000, '17d06h'],
])('%d ms are %s', (ms, text) => {
  expect(lengthText(ms)).toBe(text);
});

test('four nines allow 52.6 minutes a year', () => {
  expect(allowance(4, 365.25 * 86_400_000) / 60_000).toBeCloseTo(52.6, 1);
});
