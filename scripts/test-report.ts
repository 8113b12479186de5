/** What vitest's JSON report says, added up. */

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Names of those among the passed that had failed before: the suite gives them another attempt. */
  readonly repeated: readonly string[];
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0, repeated: [] };

export function plus(a: Tally, b: Tally): Tally {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    repeated: [...a.repeated, ...b.repeated],
  };
}

interface Report {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/**
 * A file that could not be loaded has no test that failed, and a run that broke off has no report:
 * both count as one failure.
 */
export function readReport(read: () => string, exitStatus: number): Tally {
  let tally = NOTHING;
  try {
    const { testResults } = JSON.parse(read()) as Report;
    for (const file of testResults) tally = plus(tally, tallyOf(file));
  } catch {
    return { ...NOTHING, failed: exitStatus === 0 ? 0 : 1 };
  }
  const silentFailure = exitStatus !== 0 && tally.failed === 0;
  return silentFailure ? { ...tally, failed: 1 } : tally;
}

function tallyOf({ status, assertionResults }: Report['testResults'][number]): Tally {
  const count = (wanted: string) => assertionResults.filter((one) => one.status === wanted).length;
  const passed = count('passed');
  const failed = count('failed');
  const skipped = assertionResults.length - passed - failed;
  const repeated = assertionResults
    .filter((one) => one.status === 'passed' && one.failureMessages.length > 0)
    .map(({ fullName }) => fullName);
  return { passed, failed: failed === 0 && status === 'failed' ? 1 : failed, skipped, repeated };
}
