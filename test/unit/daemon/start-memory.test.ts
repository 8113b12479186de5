import { afterEach, expect, test, vi } from 'vitest';
import { freeStartMemory } from '../../../src/daemon/start-memory.ts';

afterEach(() => {
  vi.useRealTimers();
});

function garbage(): WeakRef<object> {
  return new WeakRef({});
}

/** Asking about the object itself would keep it. */
function isGone(left: WeakRef<object>): boolean {
  return left.deref() === undefined;
}

test('two seconds after the start its garbage is gone', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const left = garbage();
  freeStartMemory();
  // Until the end of the turn that has made it, it is no garbage.
  await new Promise(setImmediate);
  vi.advanceTimersByTime(1_999);
  expect(isGone(left)).toBe(false);
  await new Promise(setImmediate);
  vi.advanceTimersByTime(1);
  expect(isGone(left)).toBe(true);
});
