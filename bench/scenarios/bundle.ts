/** What an installed agent costs at its start, beside the same program as modules in one run. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { NEWEST_LTS, nodeRelease } from '../../scripts/node-versions.ts';
import { packageFile } from '../../src/files/package-files.ts';
import { AGENT_OPTIONS } from '../../src/kernel/process/no-debugger.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { configOf, type RouterSpec } from '../harness/contender.ts';
import { withLab } from '../harness/live-labs.ts';
import { manyRouters, ONE_ROUTER } from '../harness/routers.ts';
import { atMost, type Row, Samples } from '../harness/row.ts';
import type { Scenario, ScenarioContext } from '../harness/scenario.ts';
import { programPids, usageOf } from '../harness/usage.ts';

/** Modules first: they have no bars. */
const FORMS = [
  { name: 'modules', main: 'dist/src/cli/main.js' },
  { name: 'bundle', main: 'bundle/src/cli/main.js' },
] as const;

const SETTLE_MILLISECONDS = 3_000;

/** The bars of the bundle. */
const QUANTITIES = {
  one: ['start to BACKUP, 1 router', 'ms', 250],
  many: ['start to BACKUP, 255 routers', 'ms', 400],
  version: ['processor time of --version', 'ms', 60],
  status: ['processor time of status', 'ms', 120],
  memoryOfOne: ['RSS, 1 router', 'MB', 70],
  memoryOfMany: ['RSS, 255 routers', 'MB', 90],
} as const;
type Quantity = keyof typeof QUANTITIES;

export const bundle: Scenario = {
  name: 'bundle',
  title: 'The installed program',
  method:
    `The bundle (npm run bundle) and the modules of dist by turns, on Node ${NEWEST_LTS} if ` +
    '`./scripts/test node-26` has installed it: time from the start to the log line in which the last ' +
    'router becomes BACKUP, VmRSS 3 s later, and processor time (user and system) of two commands.',
  async run(context) {
    const rows: Row[] = [];
    for (const { name, main } of FORMS) {
      const program = packageFile(main);
      if (!existsSync(program)) throw new Error(`${program} is missing: npm run bundle`);
      rows.push(...(await measured(context, name, [node(), ...AGENT_OPTIONS, program])));
    }
    return rows;
  },
};

function node(): string {
  const { program } = nodeRelease(NEWEST_LTS);
  return existsSync(program) ? program : process.execPath;
}

async function measured(
  { repetitions, log }: ScenarioContext,
  form: string,
  command: readonly string[],
): Promise<Row[]> {
  const found = Object.fromEntries(
    Object.keys(QUANTITIES).map((key) => [key, new Samples()]),
  ) as Record<Quantity, Samples>;
  const add = (quantity: Quantity, value: number) => found[quantity].add('vrrp-agent', value);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    await withLab(async (lab) => {
      const one = await started(lab, command, ONE_ROUTER);
      add('one', one.milliseconds);
      add('memoryOfOne', one.megabytes);
      add('version', processorTime([...command, '--version']));
      add('status', processorTime([...command, 'status', '--socket', one.socket]));
      await one.stop();
      const many = await started(lab, command, manyRouters());
      add('many', many.milliseconds);
      add('memoryOfMany', many.megabytes);
      await many.stop();
      log(
        `${form}: BACKUP after ${one.milliseconds.toFixed(0)} ms, ${one.megabytes.toFixed(0)} MB`,
      );
    });
  }
  return Object.entries(QUANTITIES).map(([key, [what, unit, most]]) =>
    found[key as Quantity].row(
      `${what} (${form})`,
      unit,
      form === 'bundle' ? [atMost('median', most)] : [],
    ),
  );
}

interface Started {
  readonly milliseconds: number;
  readonly megabytes: number;
  readonly socket: string;
  readonly stop: () => Promise<void>;
}

async function started(
  lab: Lab,
  [program = '', ...args]: readonly string[],
  routers: readonly RouterSpec[],
): Promise<Started> {
  const host = lab.director(1);
  const label = `start-${routers.length}`;
  const file = lab.path(`${label}.yaml`);
  const spec = { routers, priority: 100, intervalMilliseconds: 1_000 };
  writeFileSync(file, configOf('vrrp-agent', lab, host, spec));
  const began = performance.now();
  const running = await lab.spawn(host, program, [...args, 'run', '--config', file], {
    label,
    log: true,
  });
  const log = lab.path(`${label}.log`);
  const count = () => readFileSync(log, 'latin1').match(/INIT to BACKUP/g)?.length ?? 0;
  await waitFor('BACKUP', () => count() >= routers.length, {
    everyMilliseconds: 1,
    unless: running.ended,
  });
  const milliseconds = performance.now() - began;
  await sleep(SETTLE_MILLISECONDS);
  return {
    milliseconds,
    megabytes: usageOf(await programPids(host)).residentBytes / 1_000_000,
    socket: lab.path(`${host.name}.sock`),
    stop: async () => {
      running.signal('SIGTERM');
      await running.ended;
    },
  };
}

/** User and system time in milliseconds, by bash: Node does not say it of a child. */
function processorTime(command: readonly string[]): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>&1';
  const text = execFileSync('bash', ['-c', `{ ${script}; } 2>&1 || true`, 'bash', ...command], {
    encoding: 'utf8',
  });
  const [user = Number.NaN, system = Number.NaN] = text.trim().split(' ').map(Number);
  return (user + system) * 1_000;
}
