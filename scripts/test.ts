/** Runs the suites in order, adds up their results, and checks for leftovers. */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { namespaces, processesOfRun, RUN_VARIABLE } from './leftovers.ts';
import { nodeRelease } from './node-versions.ts';
import { batchesOf, SUITES, type Suite, suitesNamed } from './suites.ts';
import { excessAttempts, NOTHING, plus, readReport, type Tally } from './test-report.ts';

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
    ...(suite.without ?? []).flatMap((file) => ['--exclude', file]),
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

async function timed(suite: Suite, directory: string, output: Output): Promise<Ran> {
  const began = performance.now();
  const tally = await runSuite(suite, directory, output);
  return { name: suite.name, tally, seconds: (performance.now() - began) / 1_000 };
}

async function logged(suite: Suite, directory: string): Promise<Ran> {
  const file = join(directory, `${suite.name}.log`);
  const output = openSync(file, 'w');
  const ran = await timed(suite, directory, output);
  closeSync(output);
  console.log(`\n--- ${suite.name}\n${readFileSync(file, 'utf8')}--- end of ${suite.name}`);
  return ran;
}

/**
 * As many at a time as there are processors. The output of the first is seen as it comes, that of each
 * other one in one piece when it has ended.
 */
async function runBatch(batch: readonly Suite[], directory: string): Promise<Ran[]> {
  const [first] = batch;
  const waiting = [...batch];
  const ran: Ran[] = [];
  const worker = async () => {
    for (let suite = waiting.shift(); suite !== undefined; suite = waiting.shift()) {
      console.log(`${suite.name} started`);
      const isSeen = suite === first;
      ran.push(await (isSeen ? timed(suite, directory, 'inherit') : logged(suite, directory)));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return ran;
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => suitesNamed([name]).length === 0);
  if (unknown.length > 0) {
    const known = SUITES.map(({ name }) => name).join(', ');
    console.error(`no such suite: ${unknown.join(', ')} (known: ${known})`);
    return 2;
  }
  const chosen = suitesNamed(names);
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
    ({ name, tally, seconds }) => `${name.padEnd(15)} ${describe(tally)}, ${seconds.toFixed(1)} s`,
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
