import { describe, expect, test } from 'vitest';
import { loadScenario } from '../../../../src/lab/scenario/load.ts';
import { drawPlan, stepsOf } from '../../../../src/lab/soak/plan.ts';
import { soakText } from '../../../../src/lab/soak/scenario.ts';
import { shrink } from '../../../../src/lab/soak/shrink.ts';

const OPTIONS = { directors: 3, bound: 2_000_000, disturbances: 8 };

describe('a plan', () => {
  test('depends on the seed only', () => {
    expect(drawPlan(7, OPTIONS)).toEqual(drawPlan(7, OPTIONS));
    expect(drawPlan(8, OPTIONS)).not.toEqual(drawPlan(7, OPTIONS));
  });

  test('undoes each disturbance, and is quiet at the end', () => {
    for (let seed = 0; seed < 100; seed++) {
      const plan = drawPlan(seed, OPTIONS);
      const steps = stepsOf(plan);
      expect(plan.duration - (steps.at(-1)?.at ?? 0)).toBeGreaterThanOrEqual(2 * OPTIONS.bound);
      for (const { steps: own } of plan.disturbances) {
        const [first, second] = own.map(({ action }) => action.kind);
        if (first !== 'delete_address') expect(second).toMatch(/boot|start|thaw|link_up|heal/);
      }
    }
  });

  test('is the same after a round trip through a scenario file', () => {
    const plan = drawPlan(3, OPTIONS);
    const loaded = loadScenario(soakText(plan, OPTIONS.bound, 'A try'));
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const kinds = stepsOf(plan).map(({ action }) => action.kind);
    expect(loaded.value.steps.map(({ action }) => action.kind)).toEqual(kinds);
    expect(loaded.value.expectations).toMatchObject([{ kind: 'invariants', bound: 2_000_000 }]);
  });
});

describe('the shortest failing list', () => {
  const numbers = Array.from({ length: 20 }, (_, at) => at);

  test('has only the parts that make it fail', async () => {
    const fails = async (parts: readonly number[]) => parts.includes(3) && parts.includes(17);
    expect(await shrink(numbers, fails, 200)).toEqual([3, 17]);
  });

  test('is found within the given tries', async () => {
    let asked = 0;
    const shortest = await shrink(
      numbers,
      async (parts) => {
        asked += 1;
        return parts.includes(3);
      },
      2,
    );
    expect(asked).toBe(2);
    expect(shortest).toContain(3);
  });
});
