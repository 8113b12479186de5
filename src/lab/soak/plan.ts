/**
 * Disturbances drawn from a seed: which director, what, when and for how long. The lab and the
 * simulator run the same plans. A disturbance undoes its own effect, so that each can be left out
 * while a failing plan is shortened.
 */
import { ip } from '../../net/address.ts';
import type { Action, ScenarioStep } from '../scenario/steps.ts';
import { SeededRandom } from './random.ts';

export interface Disturbance {
  readonly steps: readonly ScenarioStep[];
}

export interface Plan {
  readonly seed: number;
  readonly nodes: readonly { readonly name: string; readonly priority: number }[];
  readonly preempt: boolean;
  readonly disturbances: readonly Disturbance[];
  /** Microseconds, including a quiet period at the end. */
  readonly duration: number;
}

export interface PlanOptions {
  readonly directors: number;
  /** Microseconds that the directors may take to converge after a step. */
  readonly bound: number;
  readonly disturbances: number;
}

export const SOAK_ADDRESS = ip('192.0.2.100');

const MILLISECOND = 1_000;
type NodeStep = 'crash' | 'boot' | 'stop' | 'start' | 'kill' | 'hang' | 'thaw' | 'freeze';
type Pair = readonly [NodeStep | 'link_down', NodeStep | 'link_up'];
const PAIRS: readonly [Pair, ...Pair[]] = [
  ['crash', 'boot'],
  ['stop', 'start'],
  ['kill', 'start'],
  ['hang', 'thaw'],
  ['freeze', 'thaw'],
  ['link_down', 'link_up'],
];

export function drawPlan(seed: number, options: PlanOptions): Plan {
  const random = new SeededRandom(seed);
  const nodes = Array.from({ length: options.directors }, (_, at) => ({
    name: `lb${at + 1}`,
    // Equal priorities often enough.
    priority: random.fraction() < 0.2 ? 100 : random.integer(1, 254),
  }));
  const preempt = random.fraction() < 0.7;
  const disturbances: Disturbance[] = [];
  /** When the last disturbance of each director is over. */
  const free = new Map(nodes.map(({ name }) => [name, 0]));
  let at = 500 * MILLISECOND;
  let last = at;
  for (let i = 0; i < options.disturbances; i++) {
    const drawn = draw(random, nodes, free, at, options.bound);
    if (drawn !== undefined) {
      disturbances.push(drawn);
      for (const step of drawn.steps) last = Math.max(last, step.at);
    }
    // Some overlap, others begin after the directors have converged.
    at += random.fraction() < 0.4 ? random.integer(20, 400) * MILLISECOND : options.bound * 1.5;
  }
  return { seed, nodes, preempt, disturbances, duration: last + 2 * options.bound };
}

function draw(
  random: SeededRandom,
  nodes: Plan['nodes'],
  free: Map<string, number>,
  at: number,
  bound: number,
): Disturbance | undefined {
  const length = random.integer(100, Math.round((bound * 1.6) / MILLISECOND)) * MILLISECOND;
  const idle = nodes.map(({ name }) => name).filter((name) => (free.get(name) ?? 0) < at);
  const [first, ...others] = idle;
  if (first === undefined) return undefined;
  const node = random.pick([first, ...others]);
  const choice = random.fraction();
  if (choice < 0.15) return { steps: [{ at, action: { kind: 'delete_address', ...vipOn(node) } }] };
  const end = at + length;
  if (choice < 0.35) {
    const rest = nodes.map(({ name }) => name).filter((name) => name !== node);
    const action: Action = {
      ...{ kind: 'partition', from: [node], to: rest },
      traffic: random.fraction() < 0.5 ? 'vrrp' : 'all',
      isOneWay: random.fraction() < 0.4,
    };
    return {
      steps: [
        { at, action },
        { at: end, action: { kind: 'heal' } },
      ],
    };
  }
  const [begin, finish] = random.pick(PAIRS);
  free.set(node, end + bound / 2);
  return {
    steps: [
      { at, action: { kind: begin, node } },
      { at: end, action: { kind: finish, node } },
    ],
  };
}

function vipOn(node: string) {
  return { node, address: SOAK_ADDRESS };
}

export function stepsOf({ disturbances }: Pick<Plan, 'disturbances'>): ScenarioStep[] {
  return disturbances.flatMap(({ steps }) => steps).sort((a, b) => a.at - b.at);
}
