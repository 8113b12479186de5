/**
 * Disturbances drawn from a seed: which director, what, when and for how long. The lab and the
 * simulator run the same plans. A disturbance undoes its own effect, so that each can be left out
 * while a failing plan is shortened.
 */
import type { ScenarioStep } from '../scenario/steps.ts';
import { type Disturber, drawDisturbance, type Kinds } from './disturbances.ts';
import { SeededRandom } from './random.ts';

export interface Disturbance {
  readonly steps: readonly ScenarioStep[];
}

export interface Plan {
  readonly seed: number;
  readonly nodes: readonly PlannedNode[];
  /** Prefix length of the VIP: with 24, it connects the subnet of the directors. */
  readonly prefixLength: 24 | 32;
  readonly preempt: boolean;
  /** The directors have a peer link and a witness. */
  readonly hasWitness: boolean;
  readonly disturbances: readonly Disturbance[];
  /** Microseconds, including a quiet period at the end. */
  readonly duration: number;
}

interface PlannedNode {
  readonly name: string;
  readonly priority: number;
  /** Microseconds that its clocks are ahead. */
  readonly uptime: number;
}

export interface PlanOptions extends Kinds {
  readonly directors: number;
  /** Microseconds that the directors may take to converge after a step. */
  readonly bound: number;
  readonly disturbances: number;
}

const MILLISECOND = 1_000;
const FIRST_AT = 500 * MILLISECOND;
const HOUR = 3_600_000_000;
const UPTIME_HOURS_MAX = 20_000;

export function drawPlan(seed: number, options: PlanOptions): Plan {
  const random = new SeededRandom(seed);
  const nodes = Array.from({ length: options.directors }, (_, at) => ({
    name: `lb${at + 1}`,
    // Equal priorities often enough.
    priority: random.fraction() < 0.2 ? 100 : random.integer(1, 254),
    uptime: random.fraction() < 0.3 ? random.integer(1, UPTIME_HOURS_MAX) * HOUR : 0,
  }));
  const prefixLength = random.fraction() < 0.5 ? 24 : 32;
  const preempt = random.fraction() < 0.7;
  const disturbances: Disturbance[] = [];
  /** When the last disturbance of each director is over. */
  const free = new Map(nodes.map(({ name }) => [name, 0]));
  let at = FIRST_AT;
  for (let i = 0; i < options.disturbances; i++) {
    const idle = nodes.map(({ name }) => name).filter((name) => (free.get(name) ?? 0) < at);
    const length =
      random.integer(100, Math.round((options.bound * 1.6) / MILLISECOND)) * MILLISECOND;
    const [first, ...rest] = idle;
    if (first !== undefined) {
      const node = random.pick([first, ...rest]);
      const others = nodes.map(({ name }) => name).filter((name) => name !== node);
      const disturber: Disturber = { random, node, others, at, end: at + length, prefixLength };
      const { steps, occupies } = drawDisturbance(disturber, options);
      if (occupies) free.set(node, at + length + options.bound / 2);
      disturbances.push({ steps });
    }
    // Some overlap, others begin after the directors have converged.
    at += random.fraction() < 0.4 ? random.integer(20, 400) * MILLISECOND : options.bound * 1.5;
  }
  return {
    seed,
    nodes,
    prefixLength,
    preempt,
    hasWitness: options.hasWitness === true,
    disturbances,
    duration: durationOf(disturbances, options.bound),
  };
}

/** Until a quiet period after the last disturbance has ended. */
export function durationOf(disturbances: readonly Disturbance[], bound: number): number {
  const ends = disturbances.flatMap(({ steps }) =>
    steps.map(({ at, action }) => at + ('lasts' in action ? action.lasts : 0)),
  );
  return Math.max(FIRST_AT, ...ends) + 2 * bound;
}

export function stepsOf({ disturbances }: Pick<Plan, 'disturbances'>): ScenarioStep[] {
  return disturbances.flatMap(({ steps }) => steps).sort((a, b) => a.at - b.at);
}
