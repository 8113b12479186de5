/** Rules about the repository itself that no compiler checks. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as architecture from '../scripts/generators/architecture.ts';
import * as eventsReference from '../scripts/generators/events-reference.ts';
import * as metricsReference from '../scripts/generators/metrics-reference.ts';
import * as rfcMatrix from '../scripts/generators/rfc-matrix.ts';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '');

const sources = files.filter((file) => file.endsWith('.ts'));

/** Files of one folder, without those of folders in it. */
const FOLDER_MAX = 23;

function textOf(file: string): string {
  return readFileSync(file, 'utf8');
}

function foldersOf(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? [] : [folder, ...foldersOf(folder)];
}

/** Relative links, and paths from the root of the repository; not those with wildcards. */
function pathsIn(page: string): string[] {
  const text = textOf(page);
  const links = [...text.matchAll(/\]\((?![a-z]+:)([^)#\s]+)/g)].map(([, link = '']) =>
    join(dirname(page), link),
  );
  const paths = [
    ...text.matchAll(/(?<![\w./-])(?:src|fsm|test|docs|config|scripts)\/[\w./-]*\w(?![\w*{])/g),
  ];
  return [...links, ...paths.map(([path]) => path)].map((path) => path.replace(/\/$/, ''));
}

describe('the repository', () => {
  /** The compiler checks the rest: state and context are read-only, the timers private. */
  test('has one writer of protocol state, which alone asks the table', () => {
    const engine = sources.filter((file) => file.startsWith('src/'));
    const asking = engine.filter((file) =>
      /\bstep\b.*\} from '[./]+fsm\/step\.ts'/.test(textOf(file)),
    );
    expect(asking).toEqual(['src/protocol/engine/router/protocol.ts']);
    const casting = engine.filter((file) => /-readonly \[.*VirtualRouter/.test(textOf(file)));
    expect(casting).toEqual(['src/protocol/engine/router/protocol.ts']);
    const resuming = engine.filter((file) =>
      /\bprotocol\.(resume|step|perform)\(/.test(textOf(file)),
    );
    expect(resuming).toEqual([
      'src/protocol/engine/operations/state-transfer.ts',
      'src/protocol/engine/router/reception.ts',
      'src/protocol/engine/router/transitions.ts',
    ]);
  });

  test('has no promises, clocks or chance in the core', () => {
    const core = sources.filter((file) =>
      /^(fsm|src\/(net|wire|protocol\/engine|ipvs\/plan|watch\/segment))\//.test(file),
    );
    const wrong = core.filter((file) =>
      /\basync\b|\bawait\b|Math\.random|\bDate\b/.test(textOf(file)),
    );
    expect(wrong).toEqual([]);
  });

  /** Others read their own package, what the kernel writes (/proc, /dev/null), and what a command line names. */
  test('FR-O2 reads files that others may own by one helper', () => {
    const READS = /\b(readFile|readFileSync|openSync|createReadStream)\b|\bopen\b.*from 'node:fs/;
    const own = sources.filter((file) => file.startsWith('src/') && !file.startsWith('src/lab/'));
    expect(own.filter((file) => READS.test(textOf(file))).sort()).toEqual([
      'src/checker/probes/pattern-matcher.ts',
      'src/checker/supervisor/checker-child.ts',
      'src/cli/commands/import.ts',
      'src/daemon/history/history-files.ts',
      'src/daemon/listeners/http.ts',
      'src/daemon/mastership-memory.ts',
      'src/daemon/recording/recording-file.ts',
      'src/daemon/sole-agent.ts',
      'src/files/package-files.ts',
      'src/files/regular-file.ts',
      'src/ipvs/keep/host-facts.ts',
      'src/ipvs/kernel/proc-files.ts',
      'src/kernel/capability/capabilities.ts',
      'src/kernel/fifo/fifo.ts',
      'src/kernel/files/state-file.ts',
      'src/kernel/process/boot.ts',
      'src/kernel/process/oom-score.ts',
      'src/kernel/process/orphans.ts',
      'src/kernel/process/program-pages.ts',
      'src/kernel/process/protocol-sockets.ts',
      'src/kernel/sysctl/interface-settings.ts',
      'src/protocol/thread/stall-witness.ts',
      'src/watch/watch-capture.ts',
    ]);
  });

  test('has no test that is switched off and no work that is put off', () => {
    const off = new RegExp(`\\b(test|it|describe)\\.(only|skip${'|'}todo)\\(`);
    const later = new RegExp(`\\b(TO${'DO'}|FIX${'ME'}|XX${'X'})\\b`);
    expect(sources.filter((file) => off.test(textOf(file)))).toEqual([]);
    expect(sources.filter((file) => later.test(textOf(file)))).toEqual([]);
  });

  test('mentions only files that exist in its Markdown pages', () => {
    const known = new Set(files.flatMap((file) => [file, ...foldersOf(file)]));
    const missing = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((page) =>
        pathsIn(page)
          .filter((path) => !known.has(path))
          .map((path) => `${page}: ${path}`),
      );
    expect(missing).toEqual([]);
  });

  test('has no folder of the program that is too long to read', () => {
    const program = sources.filter((file) => /^(src|fsm)\//.test(file)).map(dirname);
    const lengthOf = (folder: string) => program.filter((one) => one === folder).length;
    expect([...new Set(program)].filter((one) => lengthOf(one) > FOLDER_MAX)).toEqual([]);
  });

  test('names no download address in its lock file', () => {
    expect(textOf('package-lock.json')).not.toContain('"resolved"');
  });

  test.each([architecture, eventsReference, metricsReference, rfcMatrix])(
    'has $path as `npm run gen` makes it now',
    (generator) => {
      expect(textOf(generator.path)).toBe(generator.generate());
    },
  );

  test('has a proof or a reason for every line of the RFC checklist', () => {
    expect(rfcMatrix.unproved()).toEqual([]);
    expect(rfcMatrix.dangling()).toEqual([]);
  });
});
