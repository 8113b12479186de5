/** A plan as a scenario, and as a scenario file for `lab run`. */
import { stringify } from 'yaml';
import { formatDuration, microseconds } from '../../net/time.ts';
import { loadScenario } from '../scenario/load.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Action } from '../scenario/steps.ts';
import { SOAK_ADDRESS } from './disturbances.ts';
import { type Plan, stepsOf } from './plan.ts';

export const SOAK_INTERVAL = '100ms';

const WITNESS = {
  networks: 'two',
  peer_link: { heartbeat: '50ms' },
  witness: { etcd: 1, ttl: '2s' },
};

export function soakText(plan: Plan, bound: number, title: string): string {
  return stringify({
    name: `soak-${plan.seed}`,
    title,
    story: `Drawn from seed ${plan.seed} by lab soak.`,
    ...(plan.hasWitness ? WITNESS : {}),
    instance: {
      ...{ advertisement_interval: SOAK_INTERVAL, preempt: plan.preempt },
      addresses: [`${SOAK_ADDRESS}/${plan.prefixLength}`],
    },
    nodes: plan.nodes.map(({ name, priority, uptime }) => ({
      ...{ name, priority },
      ...(uptime === 0 ? {} : { uptime: time(uptime) }),
    })),
    settle: '30s',
    duration: time(plan.duration),
    steps: stepsOf(plan).map(({ at, action }) => ({ at: time(at), ...stepKeysOf(action) })),
    expect: [{ invariants: time(bound) }],
  });
}

/** Through the text of the file, so that the saved file is exactly what ran. */
export function soakScenario(plan: Plan, bound: number, title: string): Scenario {
  const loaded = loadScenario(soakText(plan, bound, title));
  if (loaded.ok) return loaded.value;
  const errors = loaded.error.map(({ message }) => message).join('; ');
  throw new Error(`the plan of seed ${plan.seed} is not a valid scenario: ${errors}`);
}

function stepKeysOf(action: Action): Record<string, unknown> {
  switch (action.kind) {
    case 'heal':
      return { heal: true };
    case 'partition': {
      const { from, to, traffic, isOneWay, network } = action;
      const where = network === undefined ? {} : { network };
      return { partition: { from, to, traffic, one_way: isOneWay, ...where } };
    }
    case 'foreign_router':
      return { foreign_router: { priority: action.priority, for: time(action.lasts) } };
    case 'add_address':
    case 'delete_address': {
      const { node, isOnLoopback } = action;
      return { [action.kind]: { node, on: isOnLoopback ? 'lo' : 'eth0' } };
    }
    case 'renumber': {
      const { node, to } = action;
      return { renumber: to === undefined ? node : { node, to } };
    }
    case 'tracked_file':
      return { tracked_file: { node: action.node, as: action.as } };
    case 'descriptors':
      return { descriptors: { node: action.node, spare: action.spare } };
    default:
      return 'node' in action ? { [action.kind]: action.node } : {};
  }
}

function time(value: number): string {
  return formatDuration(microseconds(Math.round(value / 1_000) * 1_000));
}
