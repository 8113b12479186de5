import { describe, expect, test } from 'vitest';
import { drawPlan } from '../../src/lab/soak/plan.ts';
import { runPlan } from './scenarios/lab-plan.ts';

const SEEDS = Math.min(60, Number(process.env['SIM_RUNS'] ?? 60));

describe('plans of lab soak hold in the simulator', () => {
  test.each([2, 3, 5])('with %i directors every rule holds', (directors) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const options = { bound: 2_500_000, disturbances: 8, hasAgents: true };
      const plan = drawPlan(seed, { directors, ...options });
      expect([seed, runPlan(plan)]).toEqual([seed, undefined]);
    }
  });
});
