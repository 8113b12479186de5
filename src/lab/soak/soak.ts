/** Runs plan after plan until the time is over or a plan breaks an invariant. */

import type { RunRecord } from '../judge/record.ts';
import type { AgentName } from '../scenario/names.ts';
import { type Scenario, withAgent } from '../scenario/scenario.ts';
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
  /** Directors with a peer link and a witness. */
  readonly hasWitness: boolean;
  readonly onProgress: (line: string) => void;
}

export interface SoakResult {
  readonly seeds: number;
  readonly steps: number;
  readonly seconds: number;
  /** Number of `unjudged_labs`. */
  readonly unjudged: number;
  /** Labs that say nothing: the host itself stood still in each of their runs. */
  readonly unjudged_labs: readonly UnjudgedLab[];
  readonly violation: SoakViolation | undefined;
}

export interface UnjudgedLab {
  readonly seed: number;
  /** What the last run broke. */
  readonly seen: string;
  /** Of the last run, in microseconds. */
  readonly standstill: number;
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

/** Runs of a plan that fails while the host stands still, so that a fault of the agent is found in one of them. */
const RUNS = 3;

/** Runs one scenario in a lab of its own. */
export type RunOne = (scenario: Scenario) => Promise<RunRecord>;

export async function soak(options: SoakOptions, run: RunOne): Promise<SoakResult> {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1_000;
  const unjudged: UnjudgedLab[] = [];
  let seeds = 0;
  let steps = 0;
  const result = (violation: SoakViolation | undefined): SoakResult => ({
    ...{ seeds, steps, seconds: elapsed(), unjudged: unjudged.length },
    ...{ unjudged_labs: unjudged, violation },
  });
  while (elapsed() < options.minutes * 60) {
    const plan = planOf(options.seed + seeds, options);
    seeds += 1;
    const { seen, standstill, steps: performed } = await judged(plan, options, run);
    steps += performed;
    if (seen === undefined) continue;
    if (standstill === 0) return result(await shorten(plan, seen, options, run));
    unjudged.push({ seed: plan.seed, seen, standstill });
  }
  return result(undefined);
}

/** True if so few labs are judged that the run proves nothing. */
export function provesNothing({ seeds, unjudged }: SoakResult): boolean {
  return unjudged * 3 > seeds;
}

interface Outcome {
  readonly steps: number;
  /** Undefined: the plan holds. */
  readonly seen: string | undefined;
  readonly standstill: number;
}

/** The first run that holds, or that fails on a host that has kept up; else the last. */
async function judged(plan: Plan, options: SoakOptions, run: RunOne): Promise<Outcome> {
  let steps = 0;
  for (let left = RUNS - 1; ; left--) {
    const record = await runPlan(plan, options, run);
    steps += record.steps.length;
    const seen = failureOf(record);
    const standstill = seen === undefined ? 0 : standstillOf(record);
    const doubt = left > 0 ? 'repeated' : 'not judged';
    options.onProgress(
      `seed ${plan.seed}: ${record.steps.length} steps, outage ${ms(record.numbers.outage ?? 0)}, ` +
        `two owners ${ms(record.numbers.dual)}: ${seen ?? 'holds'}` +
        (standstill === 0 ? '' : `; ${doubt}: the host stood still for ${ms(standstill)}`),
    );
    if (standstill === 0 || left === 0) return { steps, seen, standstill };
  }
}

/**
 * The longest time between two probes of the client if that is longer than a director may be silent for
 * its peers: the host has more to do than it can, or was not scheduled itself. 0: it has kept up.
 */
function standstillOf({ resolution }: RunRecord): number {
  const longest = resolution?.max ?? 0;
  return longest > STANDSTILL ? longest : 0;
}

function planOf(seed: number, { directors, bound, agent, hasWitness }: SoakOptions): Plan {
  const hasAgents = agent === 'vrrp-agent';
  return drawPlan(seed, { directors, bound, disturbances: DISTURBANCES, hasAgents, hasWitness });
}

function runPlan(plan: Plan, { bound, agent }: SoakOptions, run: RunOne): Promise<RunRecord> {
  const scenario = soakScenario(plan, bound, `Random faults of seed ${plan.seed}`);
  return run(withAgent(scenario, agent));
}

function failureOf({ verdicts }: RunRecord): string | undefined {
  const failed = verdicts.filter(({ holds }) => !holds);
  return failed.length === 0 ? undefined : failed.map(({ seen }) => seen).join('; ');
}

async function shorten(
  plan: Plan,
  seen: string,
  options: SoakOptions,
  run: RunOne,
): Promise<SoakViolation> {
  options.onProgress('looking for the fewest disturbances that still fail');
  const fails = async (disturbances: readonly Disturbance[]) => {
    const record = await runPlan(planWith(plan, disturbances, options.bound), options, run);
    const failure = failureOf(record);
    const standstill = standstillOf(record);
    const doubt =
      standstill === 0 ? '' : `; not judged: the host stood still for ${ms(standstill)}`;
    options.onProgress(`  ${disturbances.length} disturbances: ${failure ?? 'holds'}${doubt}`);
    return failure !== undefined && standstill === 0;
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
