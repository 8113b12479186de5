/** What is mutated, and the tests that have to notice it. */
import { minimatch } from 'minimatch';

export interface Slice {
  readonly mutate: readonly string[];
  /** Each mutant runs those tests that reach it. */
  readonly tests: readonly string[];
}

export const SLICES = {
  fsm: {
    mutate: ['fsm/**/*.ts'],
    tests: [
      'test/unit/fsm/**/*.test.ts',
      'test/conformance/rfc*-states.test.ts',
      'test/conformance/rfc3768.test.ts',
      'test/conformance/agent/before-master*.test.ts',
      'test/conformance/agent/causes.test.ts',
      'test/conformance/agent/held-back.test.ts',
      'test/conformance/agent/preemption.test.ts',
      'test/conformance/agent/priority.test.ts',
      'test/conformance/agent/reload.test.ts',
      'test/conformance/agent/stall.test.ts',
      'test/conformance/agent/stop.test.ts',
      'test/conformance/agent/succession.test.ts',
      'test/conformance/agent/sync-groups.test.ts',
    ],
  },
  wire: {
    mutate: ['src/wire/**/*.ts'],
    tests: ['test/unit/wire/**/*.test.ts', 'test/conformance/vectors.test.ts'],
  },
  intake: {
    mutate: ['src/protocol/engine/**/intake*.ts'],
    tests: ['test/unit/protocol/engine/**/intake*.test.ts', 'test/conformance/vectors.test.ts'],
  },
  timers: {
    mutate: ['src/protocol/engine/core/timers.ts'],
    tests: ['test/unit/protocol/engine/**/timer*.test.ts'],
  },
} as const satisfies Readonly<Record<string, Slice>>;

/** Those of some files, as paths from the top of the project, that belong to a slice. */
export function filesOfSlice({ mutate }: Slice, files: readonly string[]): readonly string[] {
  return files.filter((file) => mutate.some((glob) => minimatch(file, glob)));
}
