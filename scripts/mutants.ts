/**
 * Mutation tests of the pure code (StrykerJS):
 * `npm run mutants` for all of it, `npm run mutants -- wire intake` for some slices,
 * `npm run mutants -- --changed main` for the files that differ from a commit.
 * `--minutes N` ends a run that takes longer. Fails below the score in stryker.config.json.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

interface Slice {
  readonly mutate: readonly string[];
  /** Each mutant runs those tests that reach it. */
  readonly tests: readonly string[];
}

const SLICES: Readonly<Record<string, Slice>> = {
  fsm: {
    mutate: ['fsm/**/*.ts'],
    tests: ['test/unit/fsm/**/*.test.ts', 'test/conformance/rfc*-states.test.ts'],
  },
  wire: {
    mutate: ['src/wire/**/*.ts'],
    tests: ['test/unit/wire/**/*.test.ts', 'test/conformance/vectors.test.ts'],
  },
  intake: {
    mutate: ['src/protocol/engine/**/intake*.ts'],
    tests: ['test/unit/protocol/engine/router/intake*.test.ts', 'test/conformance/vectors.test.ts'],
  },
  timers: {
    mutate: ['src/protocol/engine/timers.ts'],
    tests: ['test/unit/protocol/engine/**/timer*.test.ts'],
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { changed: { type: 'string' }, minutes: { type: 'string', default: '600' } },
});

function changedFiles(base: string): string[] {
  const list = execFileSync('git', ['diff', '--name-only', '--diff-filter=AM', base]);
  return list.toString().split('\n');
}

/** Works for the globs above: a path up to the first star. */
function matches(file: string, glob: string): boolean {
  const [beginning = ''] = glob.split('*');
  return file.startsWith(beginning) && file.endsWith('.ts');
}

/** False if the score is too low or the time is over. */
function run(name: string, mutate: readonly string[], tests: readonly string[]): boolean {
  console.log(`=== ${name}: ${mutate.join(' ')}`);
  const { status, error } = spawnSync(
    'node_modules/.bin/stryker',
    ['run', '--mutate', mutate.join(',')],
    {
      stdio: 'inherit',
      env: { ...process.env, MUTANTS_TESTS: tests.join(',') },
      timeout: Number(values.minutes) * 60_000,
    },
  );
  if (error !== undefined) console.error(`${name}: ${error.message}`);
  return status === 0;
}

function main(): number {
  const unknown = positionals.filter((name) => SLICES[name] === undefined);
  if (unknown.length > 0) {
    const known = Object.keys(SLICES).join(', ');
    console.error(`no such slice: ${unknown.join(', ')} (known: ${known})`);
    return 2;
  }
  const changed = values.changed === undefined ? undefined : changedFiles(values.changed);
  let ok = true;
  for (const [name, { mutate, tests }] of Object.entries(SLICES)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const files = changed?.filter((file) => mutate.some((glob) => matches(file, glob)));
    if (files?.length === 0) continue;
    ok = run(name, files ?? mutate, tests) && ok;
  }
  return ok ? 0 : 1;
}

process.exitCode = main();
