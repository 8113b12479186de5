import { expect, test } from 'vitest';
import { PendingChanges } from '../../../../../src/protocol/engine/core/pending-changes.ts';

const DONE = { errno: 0, text: undefined };

test('each change gets the answer of its place in the batch', () => {
  const pending = new PendingChanges<string>();
  pending.add({ id: 1, position: 0 }, 'first');
  pending.add({ id: 1, position: 2 }, 'third');
  const refusal = { errno: 22, text: 'Invalid prefix length' };
  expect(pending.take(1, [DONE, DONE, refusal])).toEqual([
    { item: 'first', answer: DONE },
    { item: 'third', answer: refusal },
  ]);
  expect(pending.isEmpty).toBe(true);
});

test('a batch with too few answers is an error', () => {
  const pending = new PendingChanges<string>();
  pending.add({ id: 1, position: 1 }, 'second');
  expect(() => pending.take(1, [DONE])).toThrow('no element 1 of 1');
});
