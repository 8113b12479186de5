import { describe, expect, test } from 'vitest';
import { NOTHING, readReport } from '../../../scripts/test-report.ts';

function report(...files: { status: string; tests: string[] }[]): () => string {
  return () =>
    JSON.stringify({
      testResults: files.map(({ status, tests }) => ({
        status,
        assertionResults: tests.map((one) => ({
          fullName: `a test that ${one}`,
          status: one === 'passed late' ? 'passed' : one,
          failureMessages: one === 'passed late' ? ['too late'] : [],
        })),
      })),
    });
}

describe('the sum of a suite', () => {
  test('counts what passed, failed and was left out', () => {
    const read = report(
      { status: 'passed', tests: ['passed', 'passed', 'skipped'] },
      { status: 'failed', tests: ['failed', 'passed', 'todo'] },
    );
    expect(readReport(read, 1)).toEqual({ ...NOTHING, passed: 3, failed: 1, skipped: 2 });
  });

  test('counts a file that could not be loaded as a failure', () => {
    const read = report({ status: 'failed', tests: [] });
    expect(readReport(read, 1)).toEqual({ ...NOTHING, failed: 1 });
  });

  test('counts a run without a report, or that failed besides its tests, as a failure', () => {
    const nothing = () => '';
    expect(readReport(nothing, 1).failed).toBe(1);
    const read = report({ status: 'passed', tests: ['passed'] });
    expect(readReport(read, 1)).toEqual({ ...NOTHING, passed: 1, failed: 1 });
  });

  test('names what passed at its second attempt only', () => {
    const read = report({ status: 'passed', tests: ['passed', 'passed late'] });
    const repeated = ['a test that passed late'];
    expect(readReport(read, 0)).toEqual({ ...NOTHING, passed: 2, repeated });
  });

  test('is nothing for a suite without files', () => {
    expect(readReport(report(), 0)).toEqual(NOTHING);
  });
});
