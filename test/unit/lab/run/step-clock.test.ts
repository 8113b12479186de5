import { describe, expect, test } from 'vitest';
import { StepClock, type TimedStep } from '../../../../src/lab/run/step-clock.ts';
import type { Action } from '../../../../src/lab/scenario/steps.ts';

function step(at: number, began: number, ended: number, kind: 'start' | 'stop' = 'start') {
  return { action: { kind, node: 'lb1' }, at, began, ended } satisfies TimedStep;
}

const STRESS: Action = { kind: 'cpu_stress', lasts: 500, loops: 1 };

describe('the window of an expectation', () => {
  test('is as in the scenario if steps are on time', () => {
    const clock = new StepClock(1_000, [step(200, 200, 200)]);
    expect(clock.windowOf({ from: 100, to: 900 })).toEqual({ from: 100, to: 900 });
    expect(clock.end).toBe(1_000);
  });

  test('moves by the length of the step before it, and so does the end', () => {
    const clock = new StepClock(1_000, [step(200, 230, 700)]);
    expect(clock.windowOf({ from: 300, to: 1_000 })).toEqual({ from: 800, to: 1_500 });
    expect(clock.windowOf({ from: 200, to: 400 })).toEqual({ from: 700, to: 900 });
    expect(clock.end).toBe(1_500);
  });

  test('that ends before a step still does, however late the previous step was', () => {
    const clock = new StepClock(1_000, [step(200, 200, 550), step(600, 610, 620)]);
    expect(clock.windowOf({ from: 0, to: 150 })).toEqual({ from: 0, to: 150 });
    expect(clock.windowOf({ from: 250, to: 600 })).toEqual({ from: 600, to: 610 });
  });

  test('at the time of a step is the moment before it', () => {
    const clock = new StepClock(1_000, [step(200, 240, 300)]);
    expect(clock.windowOf({ from: 200, to: 200 })).toEqual({ from: 200, to: 200 });
    expect(clock.windowOf({ from: 201, to: 201 })).toEqual({ from: 301, to: 301 });
  });

  test('does not move with the end of a lasting step', () => {
    const clock = new StepClock(1_000, [{ action: STRESS, at: 100, began: 110, ended: 620 }]);
    expect(clock.windowOf({ from: 200, to: 1_000 })).toEqual({ from: 210, to: 1_010 });
  });

  test('after two steps moves with the slower one', () => {
    const clock = new StepClock(1_000, [step(100, 100, 700), step(200, 200, 210)]);
    expect(clock.windowOf({ from: 300, to: 1_000 })).toEqual({ from: 700, to: 1_010 });
  });
});
