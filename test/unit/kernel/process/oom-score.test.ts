import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { withOrdinaryOomScore } from '../../../../src/kernel/process/oom-score.ts';

/** Stands in for /proc/self/oom_score_adj, which only a privileged process may lower. */
function scoreFile(score: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oom-score-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'oom_score_adj');
  writeFileSync(file, score);
  return file;
}

test('a child of a protected agent starts with the ordinary score, and the agent keeps its own', () => {
  const file = scoreFile('-900\n');
  expect(withOrdinaryOomScore(() => readFileSync(file, 'ascii'), file)).toBe('0');
  expect(readFileSync(file, 'ascii')).toBe('-900');
});

test('the agent gets its score back when the child fails to start', () => {
  const file = scoreFile('-900\n');
  const fail = () => {
    throw new Error('EAGAIN');
  };
  expect(() => withOrdinaryOomScore(fail, file)).toThrow('EAGAIN');
  expect(readFileSync(file, 'ascii')).toBe('-900');
});

test('FR-O13 the agent gets its score back when the child takes the last descriptor', () => {
  const file = scoreFile('-900\n');
  // Stands in for EMFILE: the file cannot be opened again.
  withOrdinaryOomScore(() => renameSync(file, `${file}.away`), file);
  expect(readFileSync(`${file}.away`, 'ascii')).toBe('-900');
});

test.each(['0', '500'])('a score of %s is inherited: it protects nothing', (score) => {
  const file = scoreFile(score);
  expect(withOrdinaryOomScore(() => readFileSync(file, 'ascii'), file)).toBe(score);
});

test('a child starts if there is no such file', () => {
  expect(withOrdinaryOomScore(() => 'started', '/nonexistent/oom_score_adj')).toBe('started');
});
