import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], more: Record<string, unknown> = {}) => ({
  extends: true as const,
  test: { name, include, ...more },
});

/**
 * Suites that judge time or own the kernel run one file at a time. On a shared machine a moment
 * without CPU fails a test of a 10 ms interval: it has one second attempt, which `scripts/test`
 * names and counts; more than three in a run are a failure.
 */
const alone = {
  fileParallelism: false,
  maxWorkers: 1,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 1,
};

const PURE = [
  'fsm/**/*.ts',
  'src/net/**/*.ts',
  'src/wire/**/*.ts',
  'src/{protocol/engine,ipvs/plan,watch/segment}/**/*.ts',
];

const BRANCHES = {
  'fsm/**': { branches: 100 },
  'src/wire/**': { branches: 100 },
  'src/protocol/engine/**/intake*.ts': { branches: 100 },
  'src/net/**': { branches: 90 },
  'src/protocol/engine/**': { branches: 95 },
  'src/ipvs/plan/**': { branches: 95 },
  'src/watch/segment/**': { branches: 95 },
};

export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: PURE,
      thresholds: BRANCHES,
      reporter: [['text', { skipFull: true }], 'html', 'json'],
    },
    pool: 'forks',
    // The first line of a failure is what `scripts/test` lists at its end: it shows the values.
    chaiConfig: { truncateThreshold: 300 },
    // The default leaves one processor free, which is half of a small machine.
    maxWorkers: '100%',
    projects: [
      project('unit', ['test/unit/**/*.test.ts', 'test/tidy.test.ts'], { testTimeout: 30_000 }),
      project('conformance', ['test/conformance/**/*.test.ts'], { testTimeout: 30_000 }),
      project('sim', ['test/sim/**/*.test.ts'], { testTimeout: 120_000 }),
      project('kernel', ['test/kernel/**/*.test.ts'], alone),
      project('lab', ['test/lab/**/*.test.ts'], alone),
      project('ipvs-vm', ['test/ipvs-vm/**/*.test.ts'], {
        ...alone,
        // These tests repeat themselves, and only if the machine stopped in the meantime.
        retry: 0,
        testTimeout: 600_000,
        hookTimeout: 300_000,
      }),
      project('machine', ['test/machine/**/*.test.ts'], alone),
      project('director-vm', ['test/director-vm/**/*.test.ts'], { ...alone, retry: 0 }),
      project('interop', ['test/interop/**/*.test.ts'], alone),
      // Its tests build on each other's packages and judge no time.
      project('package', ['test/package/**/*.test.ts'], {
        ...alone,
        retry: 0,
        testTimeout: 120_000,
        hookTimeout: 240_000,
      }),
    ],
  },
});
