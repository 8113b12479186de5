import { describe, expect, test } from 'vitest';
import { Closers } from '../../../src/daemon/closers.ts';

describe('what is to be closed', () => {
  test('is closed in the opposite order, one after the other, once', async () => {
    const closers = new Closers();
    const seen: string[] = [];
    closers.push(() => void seen.push('first'));
    closers.push(async () => {
      seen.push('second begins');
      await Promise.resolve();
      seen.push('second');
    });
    const errors: unknown[] = [];
    await closers.close((error) => errors.push(error));
    await closers.close((error) => errors.push(error));
    expect([seen, errors]).toEqual([['second begins', 'second', 'first'], []]);
  });

  test('is closed although something else cannot be', async () => {
    const closers = new Closers();
    const seen: string[] = [];
    closers.push(() => void seen.push('last'));
    closers.push(() => Promise.reject(new Error('rejected')));
    closers.push(() => {
      throw new Error('thrown');
    });
    const errors: string[] = [];
    await closers.close((error) => errors.push((error as Error).message));
    expect([seen, errors]).toEqual([['last'], ['thrown', 'rejected']]);
  });
});
