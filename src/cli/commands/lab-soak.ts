/** `vrrp-agent lab soak`: disturbs labs at random until time is up or an invariant is broken. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Labs } from '../../lab/run/labs.ts';
import { AGENTS, type AgentName } from '../../lab/scenario/names.ts';
import { type SoakResult, soak } from '../../lab/soak/soak.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliContext } from '../terminal/context.ts';
import { reporting, untilInterrupted } from './lab-ending.ts';

interface SoakCommandOptions {
  readonly minutes: string;
  readonly seed: string;
  readonly directors: string;
  readonly bound: string;
  readonly agent: string;
  readonly save?: string;
  readonly json?: true;
}

export function registerSoak(lab: Command, context: CliContext): void {
  lab
    .command('soak')
    .summary('disturb labs at random until an invariant is broken')
    .description(
      'Disturb labs at random and check that exactly one director serves each VIP. Exit status ' +
        '0: no invariant was broken.',
    )
    .option('--minutes <count>', 'duration in minutes', '30')
    .option('--seed <number>', 'random seed of the first lab; each further lab adds 1', '1')
    .option('--directors <count>', 'number of directors, 2 to 8', '3')
    .option(
      '--bound <milliseconds>',
      'how long the lab may take to settle after a disturbance',
      '2500',
    )
    .option('--agent <name>', `program on the directors: ${AGENTS.join(', ')}`, 'vrrp-agent')
    .option('--save <file>', 'write the shortest failing scenario here (default: soak-SEED.yaml)')
    .option('--json', 'print one JSON document')
    .action((options: SoakCommandOptions) => reporting(context, () => run(context, options)));
}

async function run(context: CliContext, options: SoakCommandOptions): Promise<void> {
  const number = (text: string, minimum: number, maximum: number) => {
    const value = Number(text);
    return value >= minimum && value <= maximum ? value : undefined;
  };
  const minutes = number(options.minutes, 0.01, 100_000);
  const seed = number(options.seed, 0, 2 ** 31);
  const directors = number(options.directors, 2, 8);
  const bound = number(options.bound, 500, 60_000);
  const agent = AGENTS.find((name): name is AgentName => name === options.agent);
  if (
    minutes === undefined ||
    seed === undefined ||
    !Number.isInteger(seed) ||
    directors === undefined ||
    !Number.isInteger(directors) ||
    bound === undefined ||
    agent === undefined
  ) {
    context.stderr(
      'vrrp-agent lab soak: --minutes and --seed must be numbers, --directors 2 to 8, --bound 500 ' +
        `to 60000 (ms), --agent one of ${AGENTS.join(', ')}\n`,
    );
    context.setExitCode(EXIT.usage);
    return;
  }
  const labs = new Labs();
  await untilInterrupted(context, labs, async () => {
    const onProgress = (line: string) => context.stderr(`${line}\n`);
    const limits = { minutes, seed, directors, bound: Math.round(bound) * 1_000 };
    const result = await soak({ ...limits, agent, onProgress }, labs);
    conclude(context, result, options);
  });
}

function conclude(context: CliContext, result: SoakResult, options: SoakCommandOptions): void {
  const { violation, seeds, steps, seconds, unjudged } = result;
  context.setExitCode(violation === undefined ? EXIT.done : EXIT.failed);
  const file = options.save ?? `soak-${violation?.seed ?? options.seed}.yaml`;
  if (violation !== undefined) writeFileSync(file, violation.scenario);
  if (options.json === true) {
    context.stdout(`${JSON.stringify({ ...result, file: violation && file }, undefined, 2)}\n`);
    return;
  }
  const doubts = unjudged === 0 ? '' : ` (${unjudged} not judged: the host stood still)`;
  const run = `${seeds} labs, ${steps} steps, ${Math.round(seconds)} s${doubts}`;
  context.stdout(
    violation === undefined
      ? `${run}: no invariant was broken\n`
      : `${run}: seed ${violation.seed}: ${violation.seen}\n` +
          `${violation.disturbances} disturbances suffice: vrrp-agent lab run ${file}\n`,
  );
}
