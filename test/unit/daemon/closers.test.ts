import { describe, expect, test } from 'vitest';
import { closeInOrder } from '../../../src/daemon/closers.ts';

describe('the parts of an agent', () => {
  test('are closed in order, one after the other', async () => {
    const seen: string[] = [];
    const errors: unknown[] = [];
    const slow = async () => {
      seen.push('slow begins');
      await Promise.resolve();
      seen.push('slow ends');
    };
    await closeInOrder([slow, () => void seen.push('quick')], (error) => errors.push(error));
    expect([seen, errors]).toEqual([['slow begins', 'slow ends', 'quick'], []]);
  });

  test('are closed although others cannot be', async () => {
    const seen: string[] = [];
    const errors: string[] = [];
    const throws = () => {
      throw new Error('thrown');
    };
    await closeInOrder(
      [throws, () => Promise.reject(new Error('rejected')), () => void seen.push('last')],
      (error) => errors.push((error as Error).message),
    );
    expect([seen, errors]).toEqual([['last'], ['thrown', 'rejected']]);
  });
});
