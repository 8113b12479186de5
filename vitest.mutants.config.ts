import { defineConfig } from 'vitest/config';

/** For StrykerJS, which wants one project: scripts/mutants.ts says which tests it has. */
export default defineConfig({
  test: {
    pool: 'forks',
    include: process.env['MUTANTS_TESTS']?.split(',') ?? [],
    testTimeout: 30_000,
  },
});
