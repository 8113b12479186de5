import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LATE, pause, withDeadline } from '../../../src/async/deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function never(): Promise<never> {
  return new Promise(() => {});
}

test('work in time settles as it does, and leaves no timer', async () => {
  expect(await withDeadline(Promise.resolve(7), 1_000)).toBe(7);
  await expect(withDeadline(Promise.reject(new Error('full')), 1_000)).rejects.toThrow('full');
  expect(vi.getTimerCount()).toBe(0);
});

test('work past the deadline is late', async () => {
  const outcome = withDeadline(never(), 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await outcome).toBe(LATE);
});

test('an aborted signal ends the wait, whether aborted before or during it', async () => {
  expect(await withDeadline(never(), 1_000, AbortSignal.abort())).toBe(LATE);
  const ending = new AbortController();
  const outcome = withDeadline(never(), 1_000, ending.signal);
  ending.abort();
  expect(await outcome).toBe(LATE);
  expect(vi.getTimerCount()).toBe(0);
});

test('a pause lasts as long as it should, or until it is aborted', async () => {
  const ending = new AbortController();
  const log: string[] = [];
  void pause(1_000).then(() => log.push('over'));
  void pause(5_000, ending.signal).then(() => log.push('aborted'));
  await vi.advanceTimersByTimeAsync(999);
  expect(log).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  ending.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect(log).toEqual(['over', 'aborted']);
});
