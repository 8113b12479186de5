/**
 * Mutation tests of the pure code (StrykerJS):
 * `npm run mutants` for all of it, `npm run mutants -- wire intake` for some slices,
 * `npm run mutants -- fsm/step.ts` for some files, `npm run mutants -- --changed COMMIT` for those
 * that differ from a commit, `--changed branch` from where the branch began.
 *
 * `--minutes N` ends the run then; what has been tried by then is judged. Fails when less than nine
 * tenths of the mutants are noticed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { filesOfSlice, SLICES, type Slice } from './mutants-slices.ts';
import type { MutantTally } from './mutants-tally.ts';

/** Of a few mutants so many may be equivalent to the code, whatever their share is. */
const ALWAYS_ALLOWED = 5;

const SHARE_TO_NOTICE = 0.9;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    changed: { type: 'string' },
    minutes: { type: 'string', default: '600' },
  },
});

const directory = mkdtempSync(join(tmpdir(), 'mutants-'));
let end = Date.now() + Number(values.minutes) * 60_000;

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

/** Where the branch began or, on main itself, the commit before; a shallow clone may have neither. */
function baseOfBranch(): string | undefined {
  const head = git('rev-parse', 'HEAD');
  for (const main of ['main', 'origin/main']) {
    const base = git('merge-base', 'HEAD', main);
    if (base !== undefined && base !== head) return base.trim();
  }
  return git('rev-parse', '--verify', 'HEAD~1')?.trim();
}

/** Nothing where the history that is there does not reach back to the base. */
function changedFiles(): readonly string[] {
  const base = values.changed === 'branch' ? baseOfBranch() : values.changed;
  if (base === undefined) console.log('no commit to compare with: nothing is tried');
  const list = base === undefined ? '' : git('diff', '--name-only', '--diff-filter=AM', base);
  if (list === undefined) throw new Error(`git knows no commit ${base}`);
  return list.split('\n');
}

/** False if too few are noticed. */
async function run(
  name: string,
  mutate: readonly string[],
  tests: readonly string[],
): Promise<boolean> {
  console.log(`=== ${name}: ${mutate.join(' ')}`);
  const file = join(directory, `${name}.json`);
  const sandbox = join('.stryker-tmp', `${process.pid}-${name}`);
  const child = spawn(
    'node_modules/.bin/stryker',
    ['run', '--mutate', mutate.join(','), '--tempDirName', sandbox],
    {
      stdio: 'inherit',
      env: { ...process.env, MUTANTS_TESTS: tests.join(','), MUTANTS_TALLY: file },
      detached: true,
    },
  );
  let isOver = false;
  // Its workers would outlive it: the whole group ends.
  const stop = () => {
    isOver = true;
    end = 0;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(stop, end - Date.now());
  for (const signal of SIGNALS) process.once(signal, stop);
  const status = await new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  for (const signal of SIGNALS) process.removeListener(signal, stop);
  rmSync(sandbox, { recursive: true, force: true });
  if (!isOver && status !== 0) {
    console.error(`${name}: StrykerJS has failed (${status})`);
    return false;
  }
  return judge(name, readTally(file), isOver);
}

function readTally(file: string): MutantTally {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as MutantTally;
  } catch {
    return { killed: 0, survived: 0 };
  }
}

function judge(name: string, { killed, survived }: MutantTally, isOver: boolean): boolean {
  const tried = killed + survived;
  const share = tried === 0 ? '–' : `${((100 * killed) / tried).toFixed(1)} %`;
  const rest = isOver ? '; the time is over, the rest was not tried' : '';
  console.log(`${name}: ${killed} of ${tried} mutants were noticed (${share})${rest}`);
  return survived <= Math.max(ALWAYS_ALLOWED, tried * (1 - SHARE_TO_NOTICE));
}

/** What is asked for in a slice: all of it, some of its files, or none. */
function chosen(
  name: string,
  slice: Slice,
  changed: readonly string[] | undefined,
): readonly string[] {
  if (changed !== undefined) return filesOfSlice(slice, changed);
  const isWhole = positionals.length === 0 || positionals.includes(name);
  return isWhole ? slice.mutate : filesOfSlice(slice, positionals);
}

async function main(): Promise<number> {
  const known = Object.entries(SLICES);
  const isKnown = (one: string) =>
    known.some(([name, slice]) => one === name || filesOfSlice(slice, [one]).length > 0);
  const unknown = positionals.filter((one) => !isKnown(one));
  if (unknown.length > 0) {
    console.error(`no such slice or file: ${unknown.join(', ')}`);
    console.error(`the slices are: ${Object.keys(SLICES).join(', ')}`);
    return 2;
  }
  const changed = values.changed === undefined ? undefined : changedFiles();
  let ok = true;
  for (const [name, slice] of known) {
    const files = chosen(name, slice, changed);
    if (files.length > 0 && Date.now() < end) ok = (await run(name, files, slice.tests)) && ok;
  }
  return ok ? 0 : 1;
}

try {
  process.exitCode = await main();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
