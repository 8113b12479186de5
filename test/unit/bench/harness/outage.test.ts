import { describe, expect, test } from 'vitest';
import { outageIn } from '../../../../bench/harness/outage.ts';

function probes(...list: readonly (readonly [number, number | undefined])[]) {
  return list.map(([sentAt, answeredAt]) => ({ sentAt, answeredAt }));
}

describe('the outage of a client', () => {
  test('lasts from the last answer before the lost requests to the first after', () => {
    const seen = probes([0, 100], [1_000, undefined], [2_000, undefined], [3_000, 3_200]);
    expect(outageIn(seen)).toBe(3.1);
  });

  test('is zero if every request was answered, however rare they were', () => {
    expect(outageIn(probes([0, 100], [50_000, 50_100]))).toBe(0);
  });

  test('does not include requests that the end of the capture left open', () => {
    expect(outageIn(probes([0, 100], [1_000, 1_100], [2_000, undefined]))).toBe(0);
  });

  test('is unknown without any answer', () => {
    expect(outageIn(probes([0, undefined]))).toBeUndefined();
  });
});
