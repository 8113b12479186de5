/**
 * Runs the suites in order, adds up their results, and checks for leftovers. Suites that judge no time
 * share the processors; the output of each is printed in one piece.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { namespaces, processesOfRun, RUN_VARIABLE } from './leftovers.ts';
import { NEWEST_LTS, nodeRelease } from './node-versions.ts';
import { excessAttempts, NOTHING, plus, readReport, type Tally } from './test-report.ts';

interface Suite {
  readonly name: string;
  /** Undefined: the suite consists of vitest projects. */
  readonly command?: readonly [string, ...string[]];
  /** Undefined: one project of the same name. */
  readonly projects?: readonly string[];
  /** Only these files. */
  readonly files?: readonly string[];
  /** The release of Node.js that runs the suite. */
  readonly node?: string;
  /** Fails below a branch threshold of vitest.config.ts. */
  readonly measuresCoverage?: true;
  /** Judges no time: it may run beside the suites before and after it that say so too. */
  readonly isTimeless?: true;
  /** Runs only if named: it is part of another suite, or takes long. */
  readonly onRequest?: true;
  /** Time limit in seconds for a run in the virtual machine of `scripts/ipvs-vm`. */
  readonly inMachine?: number;
}

/** What another release of Node.js may break: the language, and the calls of the kernel by koffi. */
const PORTABLE = { projects: ['unit', 'conformance', 'kernel'], isTimeless: true } as const;

const SUITES: readonly Suite[] = [
  { name: 'lint', command: ['npx', 'biome', 'ci', '.'] },
  { name: 'deps', command: ['npm', 'run', '--silent', 'deps'] },
  { name: 'unused', command: ['npm', 'run', '--silent', 'unused'] },
  { name: 'build', command: ['npx', 'tsc', '-b'] },
  { name: 'coverage', projects: ['unit', 'conformance', 'sim'], measuresCoverage: true },
  { name: 'unit', onRequest: true },
  { name: 'conformance', onRequest: true },
  { name: 'sim', onRequest: true },
  {
    name: 'mutants',
    command: ['node', 'dist/scripts/mutants.js', '--changed', 'branch', '--minutes', '3'],
    isTimeless: true,
  },
  {
    name: 'fuzz',
    command: ['node', 'dist/scripts/fuzz.js', '--seconds', '60'],
    isTimeless: true,
  },
  { name: 'package', isTimeless: true },
  { name: 'node-24', node: '24.22.3', ...PORTABLE },
  { name: 'node-26', node: NEWEST_LTS, ...PORTABLE },
  { name: 'kernel' },
  { name: 'lab' },
  { name: 'interop', node: NEWEST_LTS },
  // Needs a quiet host: it demands that no probe is lost.
  { name: 'machine', onRequest: true },
  { name: 'ipvs-vm', inMachine: 1_400 },
];

/** Exit status of `scripts/ipvs-vm` if QEMU crashes or does not start. */
const MACHINE_FAILED = 125;

const run = `${process.pid}-${Date.now()}`;

/** Where the output of a command goes: a descriptor, or that of this process. */
type Output = number | 'inherit';

/** The exit status, or 1 for a signal. */
function execute(argv: readonly string[], output: Output = 'inherit'): Promise<number> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['inherit', output, output],
      env: { ...process.env, [RUN_VARIABLE]: run },
    });
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
}

async function runSuite(suite: Suite, directory: string, output: Output): Promise<Tally> {
  const { name, command, inMachine } = suite;
  if (command !== undefined) {
    const status = await execute(command, output);
    return status === 0 ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
  }
  const release = suite.node === undefined ? undefined : nodeRelease(suite.node);
  if (release?.install !== undefined && (await execute(release.install, output)) !== 0) {
    console.error(`${name}: Node.js ${suite.node} could not be installed`);
    return { ...NOTHING, failed: 1 };
  }
  const file = join(directory, `${name}.json`);
  const argv = [
    ...(inMachine === undefined ? [] : await machine(inMachine, directory)),
    ...[release?.program ?? 'node', 'node_modules/vitest/vitest.mjs', 'run'],
    ...(suite.files ?? []),
    ...(suite.projects ?? [name]).flatMap((project) => ['--project', project]),
    ...(suite.measuresCoverage ? ['--coverage'] : []),
    ...['--reporter=default', '--reporter=json'],
    `--outputFile.json=${file}`,
  ];
  let status = await execute(argv, output);
  if (inMachine !== undefined && status === MACHINE_FAILED) {
    console.error(`${name}: the virtual machine failed, not the tests; running again`);
    status = await execute(argv, output);
  }
  return readReport(() => readFileSync(file, 'utf8'), status);
}

/** The command that runs the rest of the line in the virtual machine, with a shared directory. */
async function machine(seconds: number, directory: string): Promise<string[]> {
  const bundle = join(directory, 'bundle');
  if ((await execute(['node', 'dist/scripts/bundle.js', bundle])) !== 0) {
    throw new Error('the agent could not be bundled for the machine');
  }
  return [
    ...['./scripts/ipvs-vm', String(seconds), directory],
    ...['env', `VRRP_AGENT_BUNDLE=${bundle}`],
  ];
}

/** Each leftover is a failure: it would disturb the next run. */
async function checkLeftovers(): Promise<Tally> {
  const left = [
    ...(await namespaces()).map((name) => `netns ${name}`),
    ...processesOfRun(run).map(({ pid, command }) => `process ${pid}: ${command}`),
  ];
  for (const one of left) console.error(`left behind: ${one}`);
  return { ...NOTHING, failed: left.length };
}

interface Ran {
  readonly name: string;
  readonly tally: Tally;
  readonly seconds: number;
}

/** Suites that judge time run alone; the others share the processors with their neighbours. */
function batchesOf(suites: readonly Suite[]): Suite[][] {
  const batches: Suite[][] = [];
  for (const suite of suites) {
    const last = batches.at(-1);
    if (suite.isTimeless && last?.every(({ isTimeless }) => isTimeless)) last.push(suite);
    else batches.push([suite]);
  }
  return batches;
}

async function timed(suite: Suite, directory: string, output: Output): Promise<Ran> {
  const began = performance.now();
  const tally = await runSuite(suite, directory, output);
  return { name: suite.name, tally, seconds: (performance.now() - began) / 1_000 };
}

/** As many at a time as there are processors. */
async function runBatch(batch: readonly Suite[], directory: string): Promise<Ran[]> {
  const [first, ...others] = batch;
  if (first !== undefined && others.length === 0) return [await timed(first, directory, 'inherit')];
  const waiting = [...batch];
  const ran: Ran[] = [];
  const worker = async () => {
    for (let suite = waiting.shift(); suite !== undefined; suite = waiting.shift()) {
      console.log(`${suite.name} started`);
      const file = join(directory, `${suite.name}.log`);
      const output = openSync(file, 'w');
      const one = await timed(suite, directory, output);
      closeSync(output);
      console.log(`\n--- ${suite.name}\n${readFileSync(file, 'utf8')}`);
      ran.push(one);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return ran;
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    const known = SUITES.map(({ name }) => name).join(', ');
    console.error(`no such suite: ${unknown.join(', ')} (known: ${known})`);
    return 2;
  }
  const chosen = SUITES.filter(({ name, onRequest }) =>
    names.length === 0 ? onRequest !== true : names.includes(name),
  );
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-test-'));
  const ran: Ran[] = [];
  let total = NOTHING;
  try {
    for (const batch of batchesOf(chosen)) {
      console.log(`\n=== ${batch.map(({ name }) => name).join(', ')} (of ${chosen.length} suites)`);
      ran.push(...(await runBatch(batch, directory)));
    }
    for (const { tally } of ran) total = plus(total, tally);
    total = plus(total, await checkLeftovers());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const lines = ran.map(
    ({ name, tally, seconds }) => `${name.padEnd(12)} ${describe(tally)}, ${seconds.toFixed(1)} s`,
  );
  console.log(`\n${lines.join('\n')}\n`);
  for (const failure of total.failures) console.log(`FAILED ${failure}`);
  for (const name of total.repeated) console.log(`passed at the second attempt: ${name}`);
  const excess = excessAttempts(total);
  if (excess.failed > 0) console.log(`${total.repeated.length} second attempts are too many`);
  total = plus(total, excess);
  if (total.skipped > 0) console.log(`${total.skipped} SKIPPED: see above what is missing`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

function describe({ passed, failed, skipped }: Tally): string {
  const counted = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? counted : `${counted}, ${skipped} skipped`;
}

process.exitCode = await main(process.argv.slice(2));
