/** A measurement of both programs in one run, in turns. */
import { quietMachine } from './quiet.ts';
import { CONTENDERS, type ContenderName, type Row } from './row.ts';

export interface ScenarioContext {
  /** Repetitions of a cheap measurement; expensive scenarios make fewer. */
  readonly repetitions: number;
  /** Shorter windows, as a smoke test. */
  readonly quick: boolean;
  /** Watches memory for ten minutes instead of one. */
  readonly soak: boolean;
  readonly contenders: readonly ContenderName[];
  readonly log: (line: string) => void;
  /** Saves rows as soon as they are measured, in case the scenario is interrupted. */
  readonly saveRows: (rows: readonly Row[]) => void;
}

export interface Scenario {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** How it is measured, for the report. */
  readonly method: string;
  readonly run: (context: ScenarioContext) => Promise<readonly Row[]>;
}

/** Time limit before each repetition. */
const QUIET_WITHIN_MILLISECONDS = 10_000;

/** The programs take turns, in alternating order, so that drift affects both. */
export async function alternate(
  context: ScenarioContext,
  repetitions: number,
  measure: (contender: ContenderName, repetition: number) => Promise<void>,
): Promise<void> {
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const order = repetition % 2 === 0 ? CONTENDERS : [...CONTENDERS].reverse();
    for (const contender of order.filter((one) => context.contenders.includes(one))) {
      await attempt(context, contender, () => measure(contender, repetition));
    }
  }
}

/** A failed repetition is logged, and its sample is missing. */
async function attempt(
  context: ScenarioContext,
  contender: ContenderName,
  measure: () => Promise<void>,
): Promise<void> {
  if (!context.quick && !(await quietMachine(QUIET_WITHIN_MILLISECONDS))) {
    context.log('the host is not idle');
  }
  try {
    await measure();
  } catch (error) {
    context.log(`${contender}: not measured: ${error instanceof Error ? error.message : error}`);
  }
}
