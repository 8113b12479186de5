import { expect, test } from 'vitest';
import { onceATurn } from '../../../src/runtime/once-a-turn.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what is asked for many times in a turn is done once, and again in the next', async () => {
  let done = 0;
  const ask = onceATurn(() => {
    done++;
  });
  for (let i = 0; i < 255; i++) ask();
  expect(done).toBe(0);
  await turn();
  expect(done).toBe(1);
  ask();
  await turn();
  expect(done).toBe(2);
});
