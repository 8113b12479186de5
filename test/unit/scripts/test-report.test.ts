import { describe, expect, test } from 'vitest';
import { excessAttempts, NOTHING, readReport } from '../../../scripts/test-report.ts';

const MESSAGES: Record<string, string[]> = {
  'passed late': ['too late'],
  failed: ['Error: 2 is not 3\n    at a line'],
};

function report(...files: { status: string; tests: string[] }[]): () => string {
  return () =>
    JSON.stringify({
      testResults: files.map(({ status, tests }) => ({
        status,
        assertionResults: tests.map((one) => ({
          fullName: `a test that ${one}`,
          status: one.split(' ')[0],
          failureMessages: MESSAGES[one] ?? [],
          meta: one === 'passed again' ? { secondAttempt: 'the machine stopped' } : {},
        })),
      })),
    });
}

describe('the sum of a suite', () => {
  test('counts passed, failed and skipped tests', () => {
    const read = report(
      { status: 'passed', tests: ['passed', 'passed', 'skipped'] },
      { status: 'failed', tests: ['failed', 'passed', 'todo'] },
    );
    expect(readReport(read, 1)).toEqual({
      ...{ ...NOTHING, passed: 3, failed: 1, skipped: 2 },
      failures: ['a test that failed: Error: 2 is not 3'],
    });
  });

  test('counts a file that cannot be loaded as a failure', () => {
    const read = report({ status: 'failed', tests: [] });
    expect(readReport(read, 1)).toEqual({ ...NOTHING, failed: 1 });
  });

  test('counts a run without a report, or with a failure outside tests, as a failure', () => {
    const nothing = () => '';
    expect(readReport(nothing, 1).failed).toBe(1);
    expect(readReport(nothing, 0).failed).toBe(1);
    const read = report({ status: 'passed', tests: ['passed'] });
    expect(readReport(read, 1)).toEqual({ ...NOTHING, passed: 1, failed: 1 });
  });

  test('names tests that passed only at the second attempt', () => {
    const read = report({ status: 'passed', tests: ['passed', 'passed late', 'passed again'] });
    const repeated = ['a test that passed late', 'a test that passed again'];
    expect(readReport(read, 0)).toEqual({ ...NOTHING, passed: 3, repeated });
  });

  test('counts a suite without tests as a failure', () => {
    expect(readReport(report(), 0)).toEqual({ ...NOTHING, failed: 1 });
    const empty = report({ status: 'passed', tests: [] });
    expect(readReport(empty, 0)).toEqual({ ...NOTHING, failed: 1 });
  });
});

describe('second attempts', () => {
  test.each([
    [0, 0],
    [3, 0],
    [4, 1],
    [6, 3],
  ])('%i in a run are %i failures', (attempts, failed) => {
    const repeated = new Array<string>(attempts).fill('a test');
    expect(excessAttempts({ ...NOTHING, passed: 9, repeated })).toEqual({ ...NOTHING, failed });
  });
});
