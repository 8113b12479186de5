/** A plan as a scenario, and a scenario as a file that `lab run` plays again. */
import { stringify } from 'yaml';
import { formatDuration, microseconds } from '../../net/time.ts';
import { loadScenario } from '../scenario/load.ts';
import type { Action, Scenario } from '../scenario/scenario.ts';
import { type Plan, stepsOf } from './plan.ts';

export const SOAK_INTERVAL = '100ms';

export function soakText(plan: Plan, bound: number, title: string): string {
  return stringify({
    name: `soak-${plan.seed}`,
    title,
    story: `Drawn from seed ${plan.seed} by lab soak.`,
    instance: { advertisement_interval: SOAK_INTERVAL, preempt: plan.preempt },
    nodes: plan.nodes,
    settle: '30s',
    duration: time(plan.duration),
    steps: stepsOf(plan).map(({ at, action }) => ({ at: time(at), ...fileOf(action) })),
    expect: [{ invariants: time(bound) }],
  });
}

/** By way of the file, so that what is saved is what was run. */
export function soakScenario(plan: Plan, bound: number, title: string): Scenario {
  const loaded = loadScenario(soakText(plan, bound, title));
  if (loaded.ok) return loaded.value;
  const complaints = loaded.error.map(({ message }) => message).join('; ');
  throw new Error(`the plan of seed ${plan.seed} is no scenario: ${complaints}`);
}

function fileOf(action: Action): Record<string, unknown> {
  switch (action.kind) {
    case 'heal':
      return { heal: true };
    case 'partition': {
      const { from, to, traffic, isOneWay } = action;
      return { partition: { from, to, traffic, one_way: isOneWay } };
    }
    default:
      return 'node' in action ? { [action.kind]: action.node } : {};
  }
}

function time(value: number): string {
  return formatDuration(microseconds(Math.round(value / 1_000) * 1_000));
}
