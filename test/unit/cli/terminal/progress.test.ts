import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ofTime, ProgressLine, withProgress } from '../../../../src/cli/terminal/progress.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function contextOf(isErrorTty: boolean) {
  const written: string[] = [];
  const stderr = (text: string) => void written.push(text);
  return {
    context: { stdout: () => {}, stderr, setExitCode: () => {}, isTty: false, isErrorTty },
    written,
  };
}

test('progress is one line that is gone at the end', async () => {
  const { context, written } = contextOf(true);
  const work = new Promise<string>((resolve) => {
    setTimeout(() => resolve('done'), 1_100);
  });
  const result = withProgress(
    context,
    (elapsed) => ofTime(elapsed, 10_000),
    () => work,
  );
  await vi.advanceTimersByTimeAsync(1_100);
  expect(await result).toBe('done');
  expect(written).toEqual([
    ...['\r\u001b[K0 s of 10 s', '\r\u001b[K0 s of 10 s', '\r\u001b[K1 s of 10 s', '\r\u001b[K'],
  ]);
});

test('what is done at once, fails, or has no terminal shows none', async () => {
  const { context, written } = contextOf(true);
  const failing = withProgress(
    context,
    () => 'x',
    () => Promise.reject(new Error('no')),
  );
  await expect(failing).rejects.toThrow('no');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(written).toEqual([]);
  const elsewhere = contextOf(false);
  await withProgress(
    elsewhere.context,
    () => 'x',
    () => vi.advanceTimersByTimeAsync(5_000),
  );
  expect(elsewhere.written).toEqual([]);
});

test('lines that stay are printed above it', async () => {
  const { context, written } = contextOf(true);
  const line = new ProgressLine(context, () => 'working');
  await vi.advanceTimersByTimeAsync(600);
  line.print('step 1');
  line.print('step 2');
  line.end();
  expect(written.join('')).toBe('\r\u001b[Kworking\r\u001b[Kstep 1\nstep 2\n');
});
