import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { logFailure } from '../../../src/daemon/failure.ts';
import type { Release } from '../../../src/protocol/thread/emergency-release.ts';
import { ProtocolFailure } from '../../../src/protocol/thread/protocol-worker.ts';

/** Level and code of each line. */
function linesOf(error: unknown, release: Release | undefined): string[] {
  const lines: string[] = [];
  const write = (line: string) => {
    const { level, code } = JSON.parse(line) as { level: number; code: string };
    lines.push(`${level} ${code}`);
  };
  logFailure(pino({}, { write }), error, release);
  return lines;
}

describe('the log of a failure', () => {
  test('reports that the protocol has failed, and how many VIPs were removed', () => {
    const release: Release = { removed: 2, isComplete: true, problems: [] };
    expect(linesOf(new ProtocolFailure('on purpose'), release)).toEqual([
      '60 protocol-thread-failed',
      '40 emergency-release',
    ]);
  });

  test('reports a bug of the main thread, and VIPs that may be left', () => {
    const release: Release = { removed: 0, isComplete: false, problems: ['EPERM'] };
    expect(linesOf(new Error('on purpose'), release)).toEqual([
      '60 internal-error',
      '60 protocol-thread-failed',
      '60 emergency-release-failed',
    ]);
  });

  test('does not mention VIPs in the custody of another process', () => {
    expect(linesOf(new ProtocolFailure('on purpose'), undefined)).toEqual([
      '60 protocol-thread-failed',
    ]);
  });
});
