import { describe, expect, test } from 'vitest';
import { loadScenario } from '../../../../src/lab/scenario/load.ts';
import { drawPlan, stepsOf } from '../../../../src/lab/soak/plan.ts';
import { soakText } from '../../../../src/lab/soak/scenario.ts';
import { shrink } from '../../../../src/lab/soak/shrink.ts';

const OPTIONS = { directors: 3, bound: 2_000_000, disturbances: 8, hasAgents: true };

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
        if (own.length === 1) {
          expect(first).toMatch(/delete_address|change_mac|foreign_router|second_agent/);
          continue;
        }
        expect(second).toMatch(
          /boot|start|thaw|link_up|heal|renumber|release|delete|read_log|tracked_file|descriptors/,
        );
      }
    }
  });

  test('is the same after a round trip through a scenario file', () => {
    for (let seed = 0; seed < 40; seed++) {
      const plan = drawPlan(seed, OPTIONS);
      const loaded = loadScenario(soakText(plan, OPTIONS.bound, 'A try'));
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
      const { steps, nodes, expectations } = loaded.value;
      expect(steps.map(({ action }) => action)).toEqual(stepsOf(plan).map(({ action }) => action));
      expect(nodes.map(({ uptime = 0 }) => uptime)).toEqual(plan.nodes.map(({ uptime }) => uptime));
      expect(expectations).toMatchObject([{ kind: 'invariants', bound: 2_000_000 }]);
    }
  });

  test('has every disturbance, and for other programs none that only vrrp-agent has', () => {
    const kindsOf = (hasAgents: boolean) => {
      const plans = Array.from({ length: 100 }, (_, seed) =>
        drawPlan(seed, { ...OPTIONS, hasAgents }),
      );
      return new Set(plans.flatMap((plan) => stepsOf(plan).map(({ action }) => action.kind)));
    };
    const field = ['renumber', 'change_mac', 'bridge_port', 'add_address', 'foreign_router'];
    const ofAgents = ['second_agent', 'stall_log', 'tracked_file', 'descriptors'];
    expect([...kindsOf(true)]).toEqual(expect.arrayContaining([...field, ...ofAgents]));
    expect([...kindsOf(false)]).toEqual(expect.arrayContaining(field));
    expect(ofAgents.filter((kind) => kindsOf(false).has(kind as 'stall_log'))).toEqual([]);
  });
});

test('a plan with a witness cuts both networks, with etcd on either side, and etcd fails', () => {
  const plans = Array.from({ length: 20 }, (_, seed) =>
    drawPlan(seed, { ...OPTIONS, hasWitness: true }),
  );
  const cuts = new Set<string>();
  for (const plan of plans) {
    const loaded = loadScenario(soakText(plan, OPTIONS.bound, 'A try'));
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const actions = loaded.value.steps.map(({ action }) => action);
    expect(actions).toEqual(stepsOf(plan).map(({ action }) => action));
    for (const action of actions) {
      if ('node' in action && action.node === 'etcd') cuts.add(action.kind);
      if (action.kind !== 'partition') continue;
      const { from, to, network } = action;
      cuts.add(network ?? (from.includes('etcd') ? 'from' : to.includes('etcd') ? 'to' : 'none'));
    }
  }
  const outages = ['hang', 'kill', 'start', 'stop', 'thaw'];
  expect([...cuts].toSorted()).toEqual(['from', 'none', 'peers', 'to', ...outages].toSorted());
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
