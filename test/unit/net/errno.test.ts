import { constants } from 'node:os';
import { expect, test } from 'vitest';
import * as errno from '../../../src/net/errno.ts';

test('the error numbers are those of the operating system', () => {
  const numbers: Record<string, number> = constants.errno;
  for (const [name, number] of Object.entries(errno))
    expect([name, number]).toEqual([name, numbers[name]]);
});
