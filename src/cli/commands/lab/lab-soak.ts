/** `vrrp-agent lab soak`: disturbs labs at random until time is up or an invariant is broken. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Labs } from '../../../lab/run/labs.ts';
import { runScenario } from '../../../lab/run/run-scenario.ts';
import { AGENTS, type AgentName } from '../../../lab/scenario/names.ts';
import { provesNothing, type SoakOptions, type SoakResult, soak } from '../../../lab/soak/soak.ts';
import { EXIT } from '../../exit-codes.ts';
import type { CliContext } from '../../terminal/context.ts';
import { ofTime, ProgressLine } from '../../terminal/progress.ts';
import { reporting, untilInterrupted } from './lab-ending.ts';

interface SoakCommandOptions {
  readonly minutes: string;
  readonly seed: string;
  readonly directors: string;
  readonly bound?: string;
  readonly agent: string;
  readonly witness?: true;
  readonly save?: string;
  readonly json?: true;
}

export function registerSoak(lab: Command, context: CliContext): void {
  lab
    .command('soak')
    .summary('disturb labs at random until an invariant is broken')
    .description(
      'Disturb labs at random and check that exactly one director serves each VIP. Exit status ' +
        '0: no invariant was broken; 1: one was, or more than a third of the labs are not judged because ' +
        'the host stood still.',
    )
    .option('--minutes <count>', 'duration in minutes', '30')
    .option('--seed <number>', 'random seed of the first lab; each further lab adds 1', '1')
    .option('--directors <count>', 'number of directors, 2 to 8', '3')
    .option(
      '--bound <milliseconds>',
      'how long the lab may take to settle after a disturbance (default: 2500; with --witness 6000)',
    )
    .option('--agent <name>', `program on the directors: ${AGENTS.join(', ')}`, 'vrrp-agent')
    .option(
      '--witness',
      'directors with a peer link and etcd as their witness, cut off from each other',
    )
    .option('--save <file>', 'write the shortest failing scenario here (default: soak-SEED.yaml)')
    .option('--json', 'print one JSON document')
    .action((options: SoakCommandOptions) => reporting(context, () => run(context, options)));
}

async function run(context: CliContext, options: SoakCommandOptions): Promise<void> {
  const limits = limitsOf(options);
  if (limits === undefined) {
    context.stderr(
      'vrrp-agent lab soak: --minutes and --seed must be numbers, --directors 2 to 8, --bound 500 ' +
        `to 60000 (ms), --agent one of ${AGENTS.join(', ')}; --witness is for vrrp-agent only\n`,
    );
    context.setExitCode(EXIT.usage);
    return;
  }
  const { minutes } = limits;
  const labs = new Labs();
  await untilInterrupted(context, labs, async () => {
    let labsRun = 0;
    const line =
      context.isErrorTty === true
        ? new ProgressLine(
            context,
            (elapsed) => `lab ${labsRun + 1}, ${ofTime(elapsed, minutes * 60_000)}`,
          )
        : undefined;
    const onProgress = (text: string) =>
      line === undefined ? context.stderr(`${text}\n`) : line.print(text);
    try {
      const result = await soak({ ...limits, onProgress }, async (scenario) => {
        const record = await runScenario(scenario, labs);
        labsRun += 1;
        return record;
      });
      line?.end();
      conclude(context, result, options);
    } finally {
      line?.end();
    }
  });
}

/** Undefined: one of them is not allowed. */
function limitsOf(options: SoakCommandOptions): Omit<SoakOptions, 'onProgress'> | undefined {
  const number = (text: string, minimum: number, maximum: number) => {
    const value = Number(text);
    return value >= minimum && value <= maximum ? value : undefined;
  };
  const hasWitness = options.witness === true;
  const minutes = number(options.minutes, 0.01, 100_000);
  const seed = number(options.seed, 0, 2 ** 31);
  const directors = number(options.directors, 2, 8);
  const bound = number(options.bound ?? (hasWitness ? '6000' : '2500'), 500, 60_000);
  const agent = AGENTS.find((name): name is AgentName => name === options.agent);
  if (
    minutes === undefined ||
    seed === undefined ||
    !Number.isInteger(seed) ||
    directors === undefined ||
    !Number.isInteger(directors) ||
    bound === undefined ||
    agent === undefined ||
    (hasWitness && agent !== 'vrrp-agent')
  ) {
    return undefined;
  }
  return { minutes, seed, directors, bound: Math.round(bound) * 1_000, agent, hasWitness };
}

function conclude(context: CliContext, result: SoakResult, options: SoakCommandOptions): void {
  const { violation, seeds, steps, seconds } = result;
  const isFailure = violation !== undefined || provesNothing(result);
  context.setExitCode(isFailure ? EXIT.failed : EXIT.done);
  const file = options.save ?? `soak-${violation?.seed ?? options.seed}.yaml`;
  if (violation !== undefined) writeFileSync(file, violation.scenario);
  if (options.json === true) {
    context.stdout(`${JSON.stringify({ ...result, file: violation && file }, undefined, 2)}\n`);
    return;
  }
  context.stdout(`${seeds} labs, ${steps} steps, ${Math.round(seconds)} s: ${verdictOf(result)}\n`);
  for (const { seed, seen, standstill } of result.unjudged_labs) {
    const still = `the host stood still for ${Math.round(standstill / 1_000)} ms`;
    context.stdout(`seed ${seed} is not judged, ${still}: ${seen}\n`);
  }
  if (violation === undefined) return;
  context.stdout(`${violation.disturbances} disturbances suffice: vrrp-agent lab run ${file}\n`);
}

function verdictOf(result: SoakResult): string {
  const { violation, seeds, unjudged } = result;
  if (violation !== undefined) return `seed ${violation.seed}: ${violation.seen}`;
  if (provesNothing(result))
    return `${unjudged} of ${seeds} are not judged, so this proves nothing`;
  return unjudged === 0
    ? 'no invariant was broken'
    : `no invariant was broken in the ${seeds - unjudged} that are judged`;
}
