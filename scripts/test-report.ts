/** Sums of the results in vitest's JSON reports. */

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Names of the tests that passed at the second attempt. */
  readonly repeated: readonly string[];
  /** Names of the tests that failed, each with the first line of its reason. */
  readonly failures: readonly string[];
}

/**
 * A pause of a shared host can fail a test of a 10 ms interval, so suites that measure time allow a
 * second attempt. More second attempts in one run than this count as failures.
 */
const SECOND_ATTEMPTS_ALLOWED = 3;

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0, repeated: [], failures: [] };

export function plus(a: Tally, b: Tally): Tally {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    repeated: [...a.repeated, ...b.repeated],
    failures: [...a.failures, ...b.failures],
  };
}

interface Report {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
      /** A test that repeats itself sets `secondAttempt`. */
      readonly meta?: { readonly secondAttempt?: string };
    }[];
  }[];
}

/**
 * A test file that cannot be loaded has no failed test, an aborted run has no report, and a suite
 * whose folder was renamed has no tests: each counts as one failure.
 */
export function readReport(read: () => string, exitStatus: number): Tally {
  let tally = NOTHING;
  try {
    const { testResults } = JSON.parse(read()) as Report;
    for (const file of testResults) tally = plus(tally, tallyOf(file));
  } catch {
    return { ...NOTHING, failed: 1 };
  }
  const isEmpty = tally.passed + tally.failed + tally.skipped === 0;
  const silentFailure = tally.failed === 0 && (exitStatus !== 0 || isEmpty);
  return silentFailure ? { ...tally, failed: 1 } : tally;
}

/** Second attempts beyond the allowed number, as failures. */
export function excessAttempts({ repeated }: Tally): Tally {
  return { ...NOTHING, failed: Math.max(0, repeated.length - SECOND_ATTEMPTS_ALLOWED) };
}

function tallyOf({ status, assertionResults }: Report['testResults'][number]): Tally {
  const count = (wanted: string) => assertionResults.filter((one) => one.status === wanted).length;
  const passed = count('passed');
  const failed = count('failed');
  const skipped = assertionResults.length - passed - failed;
  const repeated = assertionResults
    .filter(
      ({ status, failureMessages, meta }) =>
        status === 'passed' && (failureMessages.length > 0 || meta?.secondAttempt !== undefined),
    )
    .map(({ fullName }) => fullName);
  const failures = assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages: [why = ''] }) => `${fullName}: ${why.split('\n')[0]}`);
  return {
    ...{ passed, failed: failed === 0 && status === 'failed' ? 1 : failed, skipped },
    ...{ repeated, failures },
  };
}
