/** Runs plan after plan until the time is over or a plan breaks an invariant. */

import type { RunRecord } from '../judge/record.ts';
import type { Labs } from '../run/labs.ts';
import { runScenario } from '../run/run-scenario.ts';
import type { AgentName } from '../scenario/names.ts';
import { withAgent } from '../scenario/scenario.ts';
import { type Disturbance, drawPlan, durationOf, type Plan } from './plan.ts';
import { soakScenario, soakText } from './scenario.ts';
import { shrink } from './shrink.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly directors: number;
  /** Microseconds. */
  readonly bound: number;
  readonly agent: AgentName;
  readonly onProgress: (line: string) => void;
}

export interface SoakResult {
  readonly seeds: number;
  readonly steps: number;
  readonly seconds: number;
  /** Labs that say nothing, because the host itself stood still. */
  readonly unjudged: number;
  readonly violation: SoakViolation | undefined;
}

export interface SoakViolation {
  readonly seed: number;
  readonly seen: string;
  /** The scenario with the fewest disturbances that still fails. */
  readonly scenario: string;
  readonly disturbances: number;
}

const DISTURBANCES = 8;
const SHRINK_TRIES = 16;

/** Half of the Master_Down_Interval of a soak's routers. */
const STANDSTILL = 150_000;

export async function soak(options: SoakOptions, labs: Labs): Promise<SoakResult> {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1_000;
  let seeds = 0;
  let steps = 0;
  let unjudged = 0;
  while (elapsed() < options.minutes * 60) {
    const seed = options.seed + seeds;
    const plan = planOf(seed, options);
    const record = await runPlan(plan, options, labs);
    seeds += 1;
    steps += record.steps.length;
    const seen = failureOf(record);
    const still = seen === undefined ? 0 : standstillOf(record);
    options.onProgress(
      `seed ${seed}: ${record.steps.length} steps, outage ${ms(record.numbers.outage ?? 0)}, ` +
        `two owners ${ms(record.numbers.dual)}: ${seen ?? 'holds'}` +
        (still === 0 ? '' : `; not judged: the host stood still for ${ms(still)}`),
    );
    if (still > 0) unjudged += 1;
    if (seen === undefined || still > 0) continue;
    const violation = await shorten(plan, seen, options, labs);
    return { seeds, steps, seconds: elapsed(), unjudged, violation };
  }
  return { seeds, steps, seconds: elapsed(), unjudged, violation: undefined };
}

/**
 * The longest time between two probes of the client if that is longer than a director may be silent for
 * its peers: the host has more to do than it can, or was not scheduled itself. 0: it has kept up.
 */
function standstillOf({ resolution }: RunRecord): number {
  const longest = resolution?.max ?? 0;
  return longest > STANDSTILL ? longest : 0;
}

function planOf(seed: number, { directors, bound, agent }: SoakOptions): Plan {
  const hasAgents = agent === 'vrrp-agent';
  return drawPlan(seed, { directors, bound, disturbances: DISTURBANCES, hasAgents });
}

function runPlan(plan: Plan, { bound, agent }: SoakOptions, labs: Labs): Promise<RunRecord> {
  const scenario = soakScenario(plan, bound, `Random faults of seed ${plan.seed}`);
  return runScenario(withAgent(scenario, agent), labs);
}

function failureOf({ verdicts }: RunRecord): string | undefined {
  const failed = verdicts.filter(({ holds }) => !holds);
  return failed.length === 0 ? undefined : failed.map(({ seen }) => seen).join('; ');
}

async function shorten(
  plan: Plan,
  seen: string,
  options: SoakOptions,
  labs: Labs,
): Promise<SoakViolation> {
  options.onProgress('looking for the fewest disturbances that still fail');
  const fails = async (disturbances: readonly Disturbance[]) => {
    const record = await runPlan(planWith(plan, disturbances, options.bound), options, labs);
    const failure = failureOf(record);
    options.onProgress(`  ${disturbances.length} disturbances: ${failure ?? 'holds'}`);
    return failure !== undefined;
  };
  const fewest = await shrink(plan.disturbances, fails, SHRINK_TRIES);
  const shortest = planWith(plan, fewest, options.bound);
  const scenario = soakText(shortest, options.bound, `Breaks an invariant: ${seen}`);
  return { seed: plan.seed, seen, scenario, disturbances: fewest.length };
}

/** The plan with these disturbances at their times; it ends a quiet period after the last. */
function planWith(plan: Plan, disturbances: readonly Disturbance[], bound: number): Plan {
  return { ...plan, disturbances, duration: durationOf(disturbances, bound) };
}

function ms(microseconds: number): string {
  return `${Math.round(microseconds / 1_000)} ms`;
}
