/** Rules about the repository itself that no compiler checks. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as eventsReference from '../scripts/generators/events-reference.ts';
import * as fsmReadme from '../scripts/generators/fsm-readme.ts';
import * as metricsReference from '../scripts/generators/metrics-reference.ts';
import * as rfcMatrix from '../scripts/generators/rfc-matrix.ts';

const LINES_MAX = 400;

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '');

const sources = files.filter((file) => file.endsWith('.ts'));

function textOf(file: string): string {
  return readFileSync(file, 'utf8');
}

/** Folders of the repository and packages that a file imports. */
function importsOf(file: string): string[] {
  const specifiers = textOf(file).matchAll(
    /(?:^import|^\} from|^export .* from|import\() ?(?:.* from )?'([^']+)'/gm,
  );
  return [...specifiers].map(([, specifier = '']) =>
    specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier,
  );
}

/** What a folder may import, besides itself. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'src/net/': [],
  'src/async/': ['node:'],
  'src/wire/': ['src/net/'],
  'fsm/': ['src/net/', 'xstate'],
  'src/engine/': ['src/net/', 'src/wire/', 'fsm/'],
  'src/kernel/': ['src/net/', 'src/async/', 'src/wire/', 'node:', 'koffi'],
  'src/probes/': ['src/net/', 'src/kernel/', 'node:'],
  'src/config/': [
    'src/net/',
    'src/engine/settings.ts',
    'src/engine/settings-change.ts',
    'src/engine/ipvs/daemon-plan.ts',
    'src/engine/ipvs/server-weight.ts',
    'fsm/vrrp/timing.ts',
    'node:',
    'zod',
    'yaml',
  ],
  // Durations are written in requests as they are in the file.
  'src/control/': ['src/net/', 'src/engine/', 'src/config/duration.ts', 'node:', 'zod'],
  'src/observe/': [
    'src/net/',
    'src/async/',
    'src/engine/',
    'src/control/protocol.ts',
    'src/control/ietf-vrrp.ts',
    'src/control/operator-protocol.ts',
    'src/control/ipvs-document.ts',
    'src/control/event-entry.ts',
    'src/control/event-table.ts',
    // The listener for metrics answers as the control API does.
    'src/control/bounded-server.ts',
    'src/control/routes.ts',
    'node:',
    'pino',
    'prom-client',
  ],
};

describe('the repository', () => {
  test('keeps its layers: nobody imports from above', () => {
    const wrong: string[] = [];
    for (const [layer, allowed] of Object.entries(LAYERS)) {
      for (const file of sources.filter((source) => source.startsWith(layer))) {
        const foreign = importsOf(file).filter(
          (name) => !name.startsWith(layer) && !allowed.some((prefix) => name.startsWith(prefix)),
        );
        wrong.push(...foreign.map((name) => `${file} imports ${name}`));
      }
    }
    expect(wrong).toEqual([]);
  });

  test('calls the kernel from one folder', () => {
    const importers = sources.filter((file) => importsOf(file).includes('koffi'));
    expect(importers.filter((file) => !file.startsWith('src/kernel/ffi/'))).toEqual([]);
  });

  /** The compiler holds the rest: state and context are read-only, the timers private. */
  test('has one writer of protocol state, which alone asks the table', () => {
    const engine = sources.filter((file) => file.startsWith('src/'));
    const asking = engine.filter((file) =>
      /\bstep\b.*\} from '[./]+fsm\/step\.ts'/.test(textOf(file)),
    );
    expect(asking).toEqual(['src/engine/protocol.ts']);
    const casting = engine.filter((file) => /-readonly \[.*VirtualRouter/.test(textOf(file)));
    expect(casting).toEqual(['src/engine/protocol.ts']);
    const resuming = engine.filter((file) =>
      /\bprotocol\.(resume|step|perform)\(/.test(textOf(file)),
    );
    expect(resuming).toEqual([
      'src/engine/reception.ts',
      'src/engine/succession.ts',
      'src/engine/transitions.ts',
    ]);
  });

  test('has no promises, clocks or chance in the core', () => {
    const core = sources.filter((file) => /^(fsm|src\/(net|wire|engine))\//.test(file));
    const wrong = core.filter((file) =>
      /\basync\b|\bawait\b|Math\.random|\bDate\b/.test(textOf(file)),
    );
    expect(wrong).toEqual([]);
  });

  test('has no file that is too long to read', () => {
    const long = sources
      .map((file) => ({ file, lines: textOf(file).split('\n').length }))
      .filter(({ lines }) => lines > LINES_MAX);
    expect(long).toEqual([]);
  });

  test('has no test that is switched off and no work that is put off', () => {
    const off = new RegExp(`\\b(test|it|describe)\\.(only|skip${'|'}todo)\\(`);
    const later = new RegExp(`\\b(TO${'DO'}|FIX${'ME'}|XX${'X'})\\b`);
    expect(sources.filter((file) => off.test(textOf(file)))).toEqual([]);
    expect(sources.filter((file) => later.test(textOf(file)))).toEqual([]);
  });

  test('names no download address in its lock file', () => {
    expect(textOf('package-lock.json')).not.toContain('"resolved"');
  });

  test.each([eventsReference, fsmReadme, metricsReference, rfcMatrix])(
    'has $path as `npm run gen` makes it now',
    (generator) => {
      expect(textOf(generator.path)).toBe(generator.generate());
    },
  );

  test('proves or reasons every line of the RFC checklist', () => {
    expect(rfcMatrix.unproved()).toEqual([]);
    expect(rfcMatrix.dangling()).toEqual([]);
  });
});
