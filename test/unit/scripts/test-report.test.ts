import { describe, expect, test } from 'vitest';
import { readReport } from '../../../scripts/test-report.ts';

function report(...files: { status: string; tests: string[] }[]): () => string {
  return () =>
    JSON.stringify({
      testResults: files.map(({ status, tests }) => ({
        status,
        assertionResults: tests.map((one) => ({ status: one })),
      })),
    });
}

describe('the sum of a suite', () => {
  test('counts what passed, failed and was left out', () => {
    const read = report(
      { status: 'passed', tests: ['passed', 'passed', 'skipped'] },
      { status: 'failed', tests: ['failed', 'passed', 'todo'] },
    );
    expect(readReport(read, 1)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  test('counts a file that could not be loaded as a failure', () => {
    const read = report({ status: 'failed', tests: [] });
    expect(readReport(read, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  test('counts a run without a report, or that failed besides its tests, as a failure', () => {
    const nothing = () => '';
    expect(readReport(nothing, 1).failed).toBe(1);
    const read = report({ status: 'passed', tests: ['passed'] });
    expect(readReport(read, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test('is nothing for a suite without files', () => {
    expect(readReport(report(), 0)).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});
