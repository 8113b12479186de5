import { statSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The shortest file first: the run of a mutant ends with the first test that fails. A mutant of a
 * constant is run by every test, as no test in particular reaches it, so the order decides how long
 * most of them take.
 */
class ShortestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const size = ({ moduleId }: TestSpecification) => statSync(moduleId).size;
    return [...files].sort((a, b) => size(a) - size(b));
  }
}

/** For StrykerJS, which wants one project: scripts/mutants.ts says which tests it has. */
export default defineConfig({
  test: {
    pool: 'forks',
    runner: './scripts/mutants-runner.ts',
    include: process.env['MUTANTS_TESTS']?.split(',') ?? [],
    testTimeout: 30_000,
    sequence: { sequencer: ShortestFirst },
  },
});
