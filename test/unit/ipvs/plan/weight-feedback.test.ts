import { describe, expect, test } from 'vitest';
import { type Feedback, nextFeedback } from '../../../../src/ipvs/plan/weight-feedback.ts';
import type { WeightScale } from '../../../../src/net/probe.ts';

function weights(scale: Partial<WeightScale>, readings: readonly number[]): number[] {
  const whole: WeightScale = { reads: 'weight', smoothing: 0, minimum: 1, maximum: 100, ...scale };
  let last: Feedback | undefined;
  return readings.map((reading) => {
    last = nextFeedback(whole, last, reading);
    return last.weight;
  });
}

describe('a weight from a reading', () => {
  test('is the reading itself, within its bounds', () => {
    expect(weights({}, [40, 0, 1_000, -3])).toEqual([40, 1, 100, 1]);
  });

  test('is the higher the lower the load', () => {
    expect(weights({ reads: 'load', minimum: 10 }, [0, 0.5, 1, 7])).toEqual([100, 55, 10, 10]);
  });

  test('comes near to a new reading step by step, and gets there', () => {
    expect(weights({ smoothing: 0.5 }, [10, 90, 90, 90, 90])).toEqual([10, 50, 70, 80, 85]);
    expect(weights({ smoothing: 0.5 }, [10, ...Array<number>(20).fill(90)]).at(-1)).toBe(90);
  });
});
