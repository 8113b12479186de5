/** Runs the suites one after the other, adds up their results, and checks for leftovers. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
  /** Runs only if named: it is part of another suite, or takes long. */
  readonly onRequest?: true;
  /** Time limit in seconds for a run in the virtual machine of `scripts/ipvs-vm`. */
  readonly inMachine?: number;
}

/** What another release of Node.js may break: the language, and the calls of the kernel by koffi. */
const PORTABLE = { projects: ['unit', 'conformance', 'kernel'] };

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
  },
  { name: 'fuzz', command: ['node', 'dist/scripts/fuzz.js', '--seconds', '60'] },
  { name: 'kernel' },
  { name: 'node-24', node: '24.22.3', ...PORTABLE },
  { name: 'node-26', node: NEWEST_LTS, ...PORTABLE },
  { name: 'lab' },
  { name: 'interop', node: NEWEST_LTS },
  { name: 'package' },
  // Needs a quiet host: it demands that no probe is lost.
  { name: 'machine', onRequest: true },
  { name: 'ipvs-vm', inMachine: 1_400 },
];

/** Exit status of `scripts/ipvs-vm` if QEMU crashes or does not start. */
const MACHINE_FAILED = 125;

const run = `${process.pid}-${Date.now()}`;

/** The exit status, or 1 for a signal. */
function execute(argv: readonly string[]): Promise<number> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: 'inherit',
      env: { ...process.env, [RUN_VARIABLE]: run },
    });
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
}

async function runSuite(suite: Suite, directory: string): Promise<Tally> {
  const { name, command, inMachine } = suite;
  if (command !== undefined) {
    const status = await execute(command);
    return status === 0 ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1 };
  }
  const release = suite.node === undefined ? undefined : nodeRelease(suite.node);
  if (release?.install !== undefined && (await execute(release.install)) !== 0) {
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
  let status = await execute(argv);
  if (inMachine !== undefined && status === MACHINE_FAILED) {
    console.error(`${name}: the virtual machine failed, not the tests; running again`);
    status = await execute(argv);
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
  const lines: string[] = [];
  let total = NOTHING;
  try {
    for (const [at, suite] of chosen.entries()) {
      console.log(`\n=== ${suite.name} (${at + 1} of ${chosen.length})`);
      const began = performance.now();
      const tally = await runSuite(suite, directory);
      const took = `${((performance.now() - began) / 1_000).toFixed(1)} s`;
      lines.push(`${suite.name.padEnd(12)} ${describe(tally)}, ${took}`);
      total = plus(total, tally);
    }
    total = plus(total, await checkLeftovers());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
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
