/** Performs the steps of a scenario at their times. */
import type { Action, ScenarioStep } from '../scenario/steps.ts';
import { describeAction } from '../scenario/steps.ts';
import { sleep, wallClock } from '../wait.ts';
import { StepClock } from './step-clock.ts';
import type { Testbed } from './testbed.ts';

export interface PerformedStep {
  readonly action: Action;
  /** Planned time on the clock of the steps. */
  readonly at: number;
  readonly text: string;
  /** Microseconds since 1970. */
  readonly began: number;
  readonly ended: number;
  readonly error: string | undefined;
}

/**
 * A slow step does not delay the next one unless both concern the same machine: a director that is
 * stopping is started only after it has ended.
 */
export async function performSteps(
  testbed: Testbed,
  zero: number,
  onStep: (step: ScenarioStep) => void,
): Promise<{ readonly steps: readonly PerformedStep[]; readonly clock: StepClock }> {
  const { duration } = testbed.scenario;
  const pending: Promise<PerformedStep>[] = [];
  const busy = new Map<string, Promise<unknown>>();
  for (const step of testbed.scenario.steps) {
    await until(zero + step.at);
    onStep(step);
    const machine = 'node' in step.action ? step.action.node : '';
    const before = machine === '' ? undefined : busy.get(machine);
    const performed = performAfter(before, testbed, step);
    if (machine !== '') busy.set(machine, performed);
    pending.push(performed);
  }
  await until(zero + duration);
  const steps = await Promise.all(pending);
  const clock = new StepClock(
    duration,
    steps.map(({ action, at, began, ended }) => ({
      ...{ action, at, began: began - zero, ended: ended - zero },
    })),
  );
  await until(zero + clock.end);
  return { steps, clock };
}

async function performAfter(
  before: Promise<unknown> | undefined,
  testbed: Testbed,
  { action, at }: ScenarioStep,
): Promise<PerformedStep> {
  await before;
  const began = wallClock();
  const error = await testbed.perform(action).then(
    () => undefined,
    (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
  );
  return { action, at, text: describeAction(action), began, ended: wallClock(), error };
}

async function until(time: number): Promise<void> {
  for (let left = time - wallClock(); left > 0; left = time - wallClock()) {
    await sleep(left / 1_000);
  }
}
