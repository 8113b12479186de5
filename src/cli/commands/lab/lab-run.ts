/** `vrrp-agent lab run`: runs scenarios one after the other and reports on them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { formatFinding } from '../../../config/finding.ts';
import { LabError } from '../../../lab/command.ts';
import type { RunRecord } from '../../../lab/judge/record.ts';
import { renderHtml } from '../../../lab/report/html.ts';
import { renderJunit } from '../../../lab/report/junit.ts';
import { renderPicture } from '../../../lab/report/picture.ts';
import {
  type ContenderReport,
  labReport,
  type ScenarioReport,
  scenarioReport,
} from '../../../lab/report/report.ts';
import { Labs } from '../../../lab/run/labs.ts';
import {
  delaysFrames,
  NO_NETEM,
  type RunProgress,
  runScenario,
} from '../../../lab/run/run-scenario.ts';
import { hasNetem } from '../../../lab/run/testbed.ts';
import { scenarioLibrary } from '../../../lab/scenario/library.ts';
import { loadScenarioFile } from '../../../lab/scenario/load.ts';
import { type Scenario, withAgent } from '../../../lab/scenario/scenario.ts';
import { describeAction } from '../../../lab/scenario/steps.ts';
import { EXIT } from '../../exit-codes.ts';
import { renderReport } from '../../render/lab-report.ts';
import type { CliContext } from '../../terminal/context.ts';
import { ofTime, ProgressLine } from '../../terminal/progress.ts';
import { paletteFor } from '../../terminal/text.ts';
import { reporting, untilInterrupted } from './lab-ending.ts';

interface RunOptions {
  readonly repeat: string;
  readonly compare?: true;
  readonly json?: true;
  readonly junit?: string;
  readonly html?: string;
  readonly svg?: string;
  readonly keep?: true;
  readonly pcap?: string;
}

const REPEAT_MAX = 1_000;

export function registerRun(lab: Command, context: CliContext): void {
  lab
    .command('run')
    .summary('run scenarios and report what was seen')
    .description(
      'Run scenarios, each in a new lab, and report what was seen. Exit status 0: every ' +
        'expectation held.',
    )
    .argument('<file...>', 'scenario files, or names listed by `lab scenarios`')
    .option('--repeat <count>', 'run each scenario this many times', '1')
    .option('--compare', 'also run each scenario with the programs that it names for comparison')
    .option('--json', 'print one JSON document')
    .option('--junit <file>', 'write the result as JUnit XML')
    .option('--html <file>', 'write the report as one HTML file')
    .option('--svg <directory>', 'write a picture of each run to this directory')
    .option('--keep', 'do not remove the lab of the last run')
    .option('--pcap <directory>', 'write the packet captures to this directory')
    .action((files: string[], options: RunOptions) =>
      reporting(context, () => runFiles(context, files, options)),
    );
  lab
    .command('scenarios')
    .summary('list the scenarios that come with the program')
    .description('List the scenarios that come with the program.')
    .action(() => listLibrary(context));
}

async function runFiles(context: CliContext, files: readonly string[], options: RunOptions) {
  const repeat = Number(options.repeat);
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > REPEAT_MAX) {
    context.stderr(`vrrp-agent lab run: --repeat must be a whole number from 1 to ${REPEAT_MAX}\n`);
    context.setExitCode(EXIT.usage);
    return;
  }
  const scenarios = loadAll(context, files);
  if (scenarios === undefined) {
    context.setExitCode(EXIT.usage);
    return;
  }
  const delayed = scenarios.find(delaysFrames);
  if (delayed !== undefined && !(await hasNetem())) {
    throw new LabError('command-missing', `${delayed.name}: ${NO_NETEM}`);
  }
  const labs = new Labs();
  await untilInterrupted(context, labs, async () => {
    const session = new Session(context, labs, options, repeat);
    for (const [at, scenario] of scenarios.entries()) {
      const place = scenarios.length > 1 ? `[${at + 1}/${scenarios.length}] ` : '';
      await session.run(scenario, place, at === scenarios.length - 1);
    }
    session.report();
  });
}

/** Undefined: a scenario has errors, which have been printed. */
function loadAll(context: CliContext, files: readonly string[]): Scenario[] | undefined {
  const scenarios: Scenario[] = [];
  let isUsable = true;
  for (const name of files) {
    const file = scenarioLibrary().get(name) ?? name;
    const loaded = loadScenarioFile(file);
    if (loaded.ok) {
      scenarios.push(loaded.value);
    } else {
      isUsable = false;
      context.stderr(loaded.error.map((one) => `${formatFinding(name, one)}\n`).join(''));
    }
  }
  return isUsable ? scenarios : undefined;
}

class Session {
  readonly #context: CliContext;
  readonly #labs: Labs;
  readonly #options: RunOptions;
  readonly #repeat: number;
  readonly #reports: ScenarioReport[] = [];
  #line: ProgressLine | undefined;
  #settledAt: number | undefined;

  constructor(context: CliContext, labs: Labs, options: RunOptions, repeat: number) {
    this.#context = context;
    this.#labs = labs;
    this.#options = options;
    this.#repeat = repeat;
  }

  async run(scenario: Scenario, place: string, isLast: boolean): Promise<void> {
    const others = this.#options.compare === true ? scenario.compare : [];
    const contenders: Omit<ContenderReport, 'holds'>[] = [];
    for (const agent of others) {
      const runs = await this.#runs(withAgent(scenario, agent), place, agent, false);
      contenders.push({ agent, is_comparison: true, runs });
    }
    const runs = await this.#runs(scenario, place, undefined, isLast);
    contenders.unshift({ agent: 'as written', is_comparison: false, runs });
    this.#reports.push(scenarioReport(scenario, contenders));
  }

  async #runs(scenario: Scenario, place: string, agent: string | undefined, mayKeep: boolean) {
    const runs: RunRecord[] = [];
    for (let turn = 1; turn <= this.#repeat; turn++) {
      const label = [scenario.name, agent, this.#repeat > 1 ? turn : undefined]
        .filter((part) => part !== undefined)
        .join('-');
      this.#progress(`${place}${label}: ${scenario.title}`);
      const { pcap, keep } = this.#options;
      const record = await this.#timed(scenario, place + label, () =>
        runScenario(scenario, this.#labs, {
          onProgress: (news) => this.#show(news),
          ...(pcap === undefined ? {} : { pcapFile: join(pcap, `${label}.pcap`) }),
          ...(keep === true && mayKeep && turn === this.#repeat
            ? { keep: (prefix: string) => this.#kept(prefix) }
            : {}),
        }),
      );
      this.#progress(record.holds ? '  holds' : '  FAILS');
      this.#draw(record, label);
      runs.push(record);
    }
    return runs;
  }

  /** Named as the packet captures. */
  #draw(record: RunRecord, label: string): void {
    const { svg } = this.#options;
    if (svg === undefined) return;
    mkdirSync(svg, { recursive: true });
    writeFileSync(join(svg, `${label}.svg`), renderPicture(record, label));
  }

  report(): void {
    const { json, junit, html } = this.#options;
    const report = labReport(this.#reports);
    if (json === true) this.#context.stdout(`${JSON.stringify(report, undefined, 2)}\n`);
    else {
      const width = Math.min(process.stdout.columns ?? 100, 160);
      const palette = paletteFor(this.#context.isTty, process.env);
      this.#context.stdout(renderReport(report, { width, palette }));
    }
    this.#context.setExitCode(report.holds ? EXIT.done : EXIT.failed);
    // Written last, so that a full disk does not lose the printed report.
    if (junit !== undefined) writeFileSync(junit, renderJunit(report));
    if (html !== undefined) writeFileSync(html, renderHtml(report));
  }

  /** The time of the scenario counts from when its lab has settled. */
  async #timed<Result>(scenario: Scenario, label: string, work: () => Promise<Result>) {
    if (this.#context.isErrorTty !== true) return work();
    this.#settledAt = undefined;
    this.#line = new ProgressLine(this.#context, () =>
      this.#settledAt === undefined
        ? `${label}: the lab settles`
        : `${label}: ${ofTime(performance.now() - this.#settledAt, scenario.duration / 1_000)}`,
    );
    try {
      return await work();
    } finally {
      this.#line.end();
      this.#line = undefined;
    }
  }

  #show(news: RunProgress): void {
    if (news.kind !== 'step') this.#settledAt = performance.now();
    this.#progress(`  ${progressText(news)}`);
  }

  #kept(prefix: string): void {
    this.#context.stderr(
      `the lab is kept: ip netns exec ${prefix}-lb1 ..., vrrp-agent lab down ${prefix}\n`,
    );
  }

  /** Standard output is for the report alone. */
  #progress(line: string): void {
    if (this.#line !== undefined) this.#line.print(line);
    else if (this.#context.isErrorTty === true) this.#context.stderr(`${line}\n`);
  }
}

function listLibrary(context: CliContext): void {
  for (const [name, file] of scenarioLibrary()) {
    const loaded = loadScenarioFile(file);
    if (!loaded.ok) throw new LabError('lab-state-error', `${file} cannot be used`);
    context.stdout(`${name.padEnd(24)} ${loaded.value.title}\n`);
  }
}

function progressText(news: RunProgress): string {
  switch (news.kind) {
    case 'settled':
      return `settled after ${Math.round(news.afterMicroseconds / 1_000)} ms`;
    case 'unsettled':
      return 'not settled in time: continuing';
    case 'step': {
      const at = (news.step.at / 1_000_000).toFixed(2).padStart(6);
      return `${at} s  ${describeAction(news.step.action)}`;
    }
  }
}
