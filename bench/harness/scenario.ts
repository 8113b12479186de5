/** A measurement that both programs go through in one run, taking turns. */
import { quietMachine } from './quiet.ts';
import { CONTENDERS, type ContenderName, type Row } from './row.ts';

export interface ScenarioContext {
  /** How often to repeat a cheap measurement; dear ones take fewer, as `repetitions` says. */
  readonly repetitions: number;
  /** Shorter windows: to see that everything works, not to publish. */
  readonly quick: boolean;
  /** Ten minutes of memory instead of one. */
  readonly soak: boolean;
  readonly contenders: readonly ContenderName[];
  readonly say: (line: string) => void;
  /** Rows of a scenario of several are kept as they are found: it may not come to its end. */
  readonly found: (rows: readonly Row[]) => void;
}

export interface Scenario {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** How it is measured, for the report. */
  readonly method: string;
  readonly run: (context: ScenarioContext) => Promise<readonly Row[]>;
}

/** Patience with whatever else the machine is doing, before each repetition. */
const QUIET_WITHIN_MILLISECONDS = 10_000;

/** The contenders take turns, and whoever was second begins the next turn: drift hits both. */
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

/** One failed repetition is said and missing; the bench goes on. */
async function attempt(
  context: ScenarioContext,
  contender: ContenderName,
  measure: () => Promise<void>,
): Promise<void> {
  if (!context.quick && !(await quietMachine(QUIET_WITHIN_MILLISECONDS))) {
    context.say('the machine is not quiet');
  }
  try {
    await measure();
  } catch (error) {
    context.say(`${contender}: not measured: ${error instanceof Error ? error.message : error}`);
  }
}
